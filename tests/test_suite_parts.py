"""What a check may ask for beside the submission: time, services, a driver, a database, the cell itself."""

from __future__ import annotations

import pytest

from grader.cell.levels import HERE
from grader.model import CellNeeds, Level, Limits
from tests.toy_suites import Suites, verdicts

SUITE = """
from grader.services import Answer

@check(10)
def test_virtual_time(subject, virtual_time):
    assert subject.sleep(3600.25) == 3600.25
    assert virtual_time.elapsed == 3600.25

@check(10)
def test_time_is_made_first(services, subject, rng, virtual_time):
    backend = services.http(lambda request: Answer(json=request.path, delay=60.0))
    assert subject.get(backend.url + "/a") == b'"/a"'
    assert virtual_time.elapsed == 60.0
    assert [request.path for request in backend.requests] == ["/a"]

@check(10)
async def test_async_waits_are_virtual_too(subject, virtual_time, services):
    backend = services.http(lambda request: Answer(json=request.number, delay=10.0 * (1 + request.number)))
    async with asyncio.timeout(20):
        assert await asyncio.gather(subject.nap(5), subject.nap(86400)) == [5, 86400]
    assert virtual_time.elapsed == 86400

@check(10)
def test_real_time_otherwise(subject, services):
    backend = services.http({"/x": Answer(body=b"hello")})
    assert subject.get(backend.url + "/x") == b"hello"
    assert subject.sleep(0.01) < 10

@check(10)
def test_injected_clock(subject, manual_clock):
    watch = subject.Watch(manual_clock)
    manual_clock.advance(2.5)
    assert watch.read() == 2.5

@check(10)
def test_driver(subject, driver):
    assert driver.sees() == "the module"
    assert driver.Watch is not None

@check(10)
def test_database(subject, database):
    assert database.url.endswith(database.path)
    assert subject.rows(database.path) == [(1,)]

@check(10)
def test_cost(subject, cell):
    few = cell.cpu(lambda: subject.burn(1_000))
    many = cell.cpu(lambda: subject.burn(300_000), repeat=1)
    assert few * 3 < many

@check(10)
def test_operators(subject, cell):
    assert cell.operator.eq(subject.Watch(subject.zero), 5) is False
    assert cell.operator.isinstance(subject.Watch(subject.zero), subject.Watch) is True
    assert cell.operator.str(cell.keep([1])) == "[1]"
"""

SUBMISSION = """
import asyncio, sqlite3, time, urllib.request

def sleep(seconds):
    began = time.monotonic()
    time.sleep(seconds)
    return time.monotonic() - began

async def nap(seconds):
    await asyncio.sleep(seconds)
    return seconds

def get(url):
    with urllib.request.urlopen(url) as answer: return answer.read()

class Watch:
    def __init__(self, clock): self.clock, self.began = clock, clock()
    def read(self): return self.clock() - self.began

def zero(): return 0

def rows(path):
    with sqlite3.connect(path) as database:
        database.execute("create table t (x)")
        database.execute("insert into t values (1)")
        return database.execute("select x from t").fetchall()

def burn(times):
    total = 0
    for number in range(times): total += number * number
"""

DRIVER = """
from toy import Watch, zero
import toy
def sees(): return "the module" if toy.zero is zero else "another"
"""


@pytest.mark.parametrize("level", HERE, ids=str)
def test_every_part_at_every_level(suites: Suites, level: Level) -> None:
    """A suite is written once: services, clocks and files are had alike, sealed or not."""
    suites.needs = CellNeeds(writable=True)
    report = suites.grade(SUITE, SUBMISSION, driver=DRIVER, level=level)
    assert {name: result for name, result in verdicts(report).items() if result != "passed"} == {}, [
        result.message for result in report.checks
    ]


@pytest.mark.parametrize("level", HERE, ids=str)
def test_services_survive_a_restart(suites: Suites, level: Level) -> None:
    """A fresh cell reaches the same services, with all that they hold."""
    suites.limits = Limits(call_s=2.0)
    suite = """
        from grader.services import Answer
        @check(10)
        def test_x(subject, services, cell):
            backend = services.http({"/x": Answer(body=b"hello")})
            assert subject.get(backend.url + "/x") == b"hello"
            cell.restart()
            assert subject.get(backend.url + "/x") == b"hello"
            assert len(backend.requests) == 2
        """
    result = suites.check(suite, SUBMISSION, level=level)
    assert result.verdict == "passed", result.message


def test_a_restart_in_virtual_time(suites: Suites) -> None:
    """The fresh cell goes on where the clock stands."""
    suite = """
        @check(10)
        def test_x(subject, virtual_time, cell):
            assert subject.sleep(5) == 5
            cell.restart()
            assert subject.sleep(7) == 7
            assert virtual_time.elapsed == 12
        """
    result = suites.check(suite, SUBMISSION)
    assert result.verdict == "passed", result.message
