"""What goes wrong on the suite's side while a check runs: told as its author's fault, and never worth a point."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.cell.levels import HERE
from grader.model import Level
from tests.toy_suites import Suites

ASKING = """
import urllib.request
def ask(url):
    try: return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error: return error.code
"""

SUITE = """
def handler(request): return {}["no such key"]

@check(10)
def test_x(subject, services):
    url = services.http(handler).url
    assert subject.ask(url) == %d
"""


def test_a_handler_that_raises(suites: Suites) -> None:
    """A check that passes all the same is the author's fault; one that fails says so, and counts.

    Else a submission could ask for what a handler does not expect, and be rid of the check.
    """
    passed = suites.check(SUITE % 500, ASKING)
    assert passed.verdict == "internal_error"
    assert "the suite's handler of a back end raised KeyError: 'no such key'" in passed.message
    failed = suites.check(SUITE % 200, ASKING)
    assert failed.verdict == "failed"
    assert failed.message.splitlines()[0] == "expected 200, got 500"
    assert "tell the exercise's author" in failed.message


def test_a_driver_that_is_no_python(suites: Suites) -> None:
    suite = """
    @check(10)
    def test_x(subject, driver):
        assert driver.sees() == 1
    """
    result = suites.check(suite, "", driver="def sees() return 1")
    assert result.verdict == "internal_error"
    assert "driver.py is not Python: expected ':'" in result.message


def test_a_services_own_fault(suites: Suites) -> None:
    """What the grader's services raise where nobody catches it is told as well, in the check that met it."""
    suite = """
    @check(10)
    def test_x(subject, services, onspot):
        services.http({})
        onspot.run.loop._loop.call_soon_threadsafe(lambda: 1 / 0)
        onspot.run.loop.settle()
    @check(10)
    def test_y(subject): assert subject.x == 1
    """
    first, second = suites.grade(suite, "x = 1", parallel=1).checks
    assert (first.verdict, second.verdict) == ("internal_error", "passed")
    assert "a service of the grader failed" in first.message
    assert "ZeroDivisionError" in first.message


@pytest.mark.parametrize("level", HERE, ids=str)
def test_waiting_for_an_app_takes_the_checks_time(suites: Suites, level: Level) -> None:
    """Each request in time, all together not: the check has one budget, whatever it waits for."""
    suites.limits = replace(suites.limits, call_s=5.0, check_s=1.0)
    app = """
    import time
    def create():
        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                while True:
                    message = await receive()
                    await send({"type": message["type"] + ".complete"})
                    if message["type"] == "lifespan.shutdown": return
            time.sleep(0.3)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
        return app
    """
    suite = """
    @check(10)
    def test_x(web):
        site = web.serve("create")
        for _ in range(50): assert site.client.get("/").status_code == 204
    """
    result = suites.check(suite, app, level=level)
    assert (result.verdict, "which a whole check has" in result.message) == ("timeout", True), result.message
