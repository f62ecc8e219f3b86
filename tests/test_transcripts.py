"""What a failed check did, as a Python session that a learner can follow."""

from __future__ import annotations

import re
import sys
import textwrap

import msgspec
import pytest

from grader.model import Verdict
from grader.repro.steps import Recording
from grader.suite.requests import ASKED, request, shortened
from grader.suite.transcript import Transcript
from tests.toy_suites import Suites

SUBMISSION = """
import enum
from collections import namedtuple

Pair = namedtuple("Pair", "left right")

class Color(enum.Enum):
    RED = 1

class LRUCache:
    def __init__(self, capacity, on_evict=None):
        self.capacity, self.items, self.on_evict = capacity, {}, on_evict
    def put(self, key, value):
        self.items[key] = value
        if len(self.items) > self.capacity:
            old = next(iter(self.items))
            self.items.pop(old)
            if self.on_evict: self.on_evict(old)
    def get(self, key): return self.items.get(key)
    def __len__(self): return len(self.items)
    def __getitem__(self, key): return self.items[key]
    def __enter__(self): return self
    def __exit__(self, *details): pass

def numbers(): yield 1; yield 2
def pair(): return Pair(1, [2])
def color(): return Color.RED
def fail(): raise KeyError("gone")
def cache(): return LRUCache(1)
def say(text): print(text)
async def later(x): return x
def swallow(fn):
    try: fn()
    except Exception as error: return type(error).__name__
"""

SESSIONS = {
    "objects, attributes and operators": (
        """
        cache = subject.LRUCache(capacity=2)
        other = subject.LRUCache(1)
        cache.put("a", 1)
        cache.capacity = 3
        assert len(cache) == 1
        assert cache["a"] == 1
        assert cache.get("a") == other
        """,
        """
        from toy import LRUCache
        cache = LRUCache(capacity=2)
        cache2 = LRUCache(1)
        cache.put('a', 1)
        cache.capacity = 3
        len(cache)  # -> 1
        cache['a']  # -> 1
        cache.get('a')  # -> 1
        # expected <LRUCache object>, got 1
        """,
    ),
    "callbacks": (
        """
        evicted = []
        def on_evict(key): evicted.append(key)
        cache = subject.LRUCache(1, on_evict=on_evict)
        cache.put("a", 1)
        cache.put("b", 2)
        def refuse(): raise ValueError("no")
        subject.swallow(refuse)
        assert evicted == []
        """,
        """
        from toy import LRUCache, swallow
        cache = LRUCache(1, on_evict=on_evict)
        cache.put('a', 1)
        cache.put('b', 2)
        #   your code calls on_evict('a')
        swallow(refuse)  # -> 'ValueError'
        #   your code calls refuse()  # raises ValueError: no
        # expected [], got ['a']
        """,
    ),
    "generators and context managers": (
        """
        generator = subject.numbers()
        assert next(generator) == 1
        with subject.LRUCache(1) as cache:
            assert len(cache) == 0
        assert list(subject.numbers()) == [1]
        """,
        """
        from toy import numbers, LRUCache
        generator = numbers()
        next(generator)  # -> 1
        cache = LRUCache(1)
        cache.__enter__()  # -> cache
        len(cache)  # -> 0
        cache.__exit__(None, None, None)
        generator2 = numbers()
        iter(generator2)  # -> generator2
        next(generator2)  # -> 1
        next(generator2)  # -> 2
        next(generator2)  # raises StopIteration
        # expected [1], got [1, 2]
        """,
    ),
    "records, enumerations and exceptions": (
        """
        assert subject.pair() == (1, [2])
        assert subject.color().value == 1
        with raises(KeyError): subject.fail()
        subject.cache()
        assert subject.pair().right == [3]
        """,
        """
        from toy import pair, color, fail, cache
        pair()  # -> Pair(left=1, right=[2])
        color()  # -> Color.RED
        fail()  # raises KeyError: 'gone'
        cache2 = cache()
        pair()  # -> Pair(left=1, right=[2])
        # expected [3], got [2]
        """,
    ),
    "long values and prints": (
        """
        subject.say("hello")
        subject.say("x" * 1000)
        assert subject.swallow(int) == list(range(100))
        """,
        """
        from toy import say, swallow
        say('hello')
        say('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'... (1,000 in all))
        swallow(<class 'int'>)
        #   your code calls int()  # -> 0
        # expected [0, 1, 2, 3, 4, 5, 6, 7, ... 92 more], got None
        # your code printed:
        #   hello
        """,
    ),
    "drivers and kept objects": (
        """
        shelf = driver.Shelf()
        driver.fill(shelf, 2)
        mine = cell.keep([1])
        assert driver.count(shelf) == 3
        """,
        """
        shelf = driver.Shelf()
        driver.fill(shelf, 2)
        driver.count(shelf)  # -> 2
        # expected 3, got 2
        """,
    ),
}

DRIVER = """
class Shelf:
    def __init__(self): self.items = []
def fill(shelf, count): shelf.items += range(count)
def count(shelf): return len(shelf.items)
"""


@pytest.mark.parametrize("name", SESSIONS)
def test_a_failed_check_reads_as_a_session(suites: Suites, name: str) -> None:
    """Names, arrows and remarks, line by line."""
    body, expected = (textwrap.dedent(text).strip() for text in SESSIONS[name])
    suite = "@check(10)\ndef test_x(subject, driver, cell):\n" + textwrap.indent(body, "    ")
    got = suites.check(suite, SUBMISSION, driver=DRIVER).transcript
    assert [line for line in got.splitlines() if not line.startswith("#   xxx")] == expected.splitlines()


def test_awaits(suites: Suites) -> None:
    """A coroutine that is awaited at once is one line."""
    suite = """
        @check(10)
        async def test_x(subject):
            await subject.later([1])
            coroutine = subject.later(2)
            assert await coroutine == 3
        """
    assert suites.check(suite, SUBMISSION).transcript.splitlines() == [
        "from toy import later",
        "await later([1])  # -> [1]",
        "await later(2)  # -> 2",
        "# expected 3, got 2",
    ]


def test_many_lines_are_cut_in_the_middle(suites: Suites) -> None:
    """The beginning and the end, which shows the fault, stay."""
    suite = """
        @check(10)
        def test_x(subject):
            cache = subject.LRUCache(500)
            for number in range(100): cache.put(number, number)
            assert cache.get(1) == 2
        """
    lines = suites.check(suite, SUBMISSION).transcript.splitlines()
    assert len(lines) <= 45
    assert lines[1] == "cache = LRUCache(500)"
    assert lines[10] == "# ... 63 lines left out"
    assert lines[-2:] == ["cache.get(1)  # -> 1", "# expected 2, got 1"]


def test_large_answers_are_not_kept_alive() -> None:
    """A thousand answers of a mebibyte each would take tens of gigabytes here, where no limit holds."""
    transcript, large = Transcript("toy"), [[0] for _ in range(50_000)]
    finish = transcript.record("call", None, "", (), {})
    held = sys.getrefcount(large)
    finish(large)
    assert sys.getrefcount(large) == held


def test_nothing_of_the_suite_is_told(suites: Suites) -> None:
    """A crash's last line says what happened; no source, no path of the suite's."""
    result = suites.check("@check(10)\ndef test_x(subject):\n    secret = 42; subject.fail()", SUBMISSION)
    for text in (result.message, result.transcript):
        assert "secret" not in text
        assert "suite.py" not in text
        assert "/solutions" not in text


def test_a_passed_check_has_no_transcript(suites: Suites) -> None:
    """There is nothing to explain."""
    assert suites.check("@check(10)\ndef test_x(subject): subject.pair()", SUBMISSION).transcript == ""


def test_what_is_said_again_is_counted(suites: Suites) -> None:
    """Equal lines in a row are one line."""
    suite = """
        @check(10)
        def test_x(subject):
            cache = subject.LRUCache(1)
            for _ in range(30): cache.get("a")
            for _ in range(3): assert len(cache) == 0
            assert cache.get("b") == 1
        """
    assert suites.check(suite, SUBMISSION).transcript.splitlines() == [
        "from toy import LRUCache",
        "cache = LRUCache(1)",
        "cache.get('a')  # 30 times",
        "len(cache)  # -> 0, 3 times",
        "cache.get('b')",
        "# expected 1, got None",
    ]


def test_what_has_nothing_to_do_with_an_example_is_left_out(suites: Suites) -> None:
    """Of what came before a property, only what it uses; and nothing of one that passed before."""
    suite = """
        @check(10)
        def test_x(subject):
            other, used = subject.LRUCache(2), subject.LRUCache(3)
            other.put("x", 1)
            used.put("y", 2)
            @given(st.integers(0, 9))
            @settings(max_examples=3)
            def passes(number): assert subject.pair().left == 1
            @given(st.integers(0, 9))
            @settings(max_examples=3)
            def fails(number): assert used.get("y") == 3
            passes()
            fails()
        """
    assert suites.check(suite, SUBMISSION).transcript.splitlines() == [
        "from toy import LRUCache",
        "cache = LRUCache(3)",
        "cache.put('y', 2)",
        "cache.get('y')  # -> 2",
        "# expected 3, got 2",
    ]


def test_parts_and_services(suites: Suites) -> None:
    """The clock that is injected has a name, and what a service was asked stands below the call that asked."""
    suite = """
        from grader.services import Answer
        @check(10)
        def test_x(subject, manual_clock, services):
            backend = services.http(lambda request: Answer(status=503, json={"why": "busy"}, delay=0.0))
            manual_clock.advance(2)
            assert subject.fetch(backend.url, manual_clock) == 200
        """
    submission = """
        import urllib.request, urllib.error
        def fetch(url, clock):
            try: return urllib.request.urlopen(url + "/a?b=1").status
            except urllib.error.HTTPError as error: return error.code + clock() * 0
        """
    lines = suites.check(suite, submission).transcript.splitlines()
    assert lines[0] == "manual_clock = ManualClock()  # it moves only when told to"
    assert lines[2] == "manual_clock.advance(2)"
    assert lines[-2] == '#   your code asks backend: GET /a?b=1  # -> 503 {"why": "busy"}'
    assert lines[-1] == "# expected 200, got 503.0"


APP = """
    import asyncio
    import redis.asyncio

    def create_app(url):
        client = redis.asyncio.from_url(url)

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                while (await receive())["type"] != "lifespan.shutdown":
                    await send({"type": "lifespan.startup.complete"})
                await client.aclose()
                await send({"type": "lifespan.shutdown.complete"})
            elif scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.accept"})
                await client.publish("chat", (await receive())["text"])
                await send({"type": "websocket.send", "text": "said"})
            else:
                try:
                    count = await client.incr(scope["path"])
                    for _ in range(6):
                        await client.get("limit")
                except redis.RedisError:
                    count = -1
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": str(count).encode()})

        return app
    """


def test_what_an_app_asks_of_redis(suites: Suites) -> None:
    """Its commands stand below the exchange that had it send them, as do those for a WebSocket's messages. What the
    suite does to the service, and to the app, and what it asks itself, is told.
    """
    suite = """
        @check(10)
        def test_x(web, services):
            redis = services.redis()
            site = web.serve("create_app", redis.url)
            site.client.get("/a")
            with site.websocket("/chat") as chat:
                chat.send("hi")
                chat.recv()
            redis.stop()
            site.client.get("/b")
            redis.start()
            redis.delay = 0.001
            site.stop()
            assert redis.client.get("/a") == "2"
        """
    result = suites.check(suite, APP)
    lines = result.transcript.splitlines()
    assert re.fullmatch(r"# create_app\('redis://127.0.0.1:\d+'\) is served at http://localhost:8000", lines[1])
    assert [lines[0], *lines[2:]] == [
        "from toy import create_app",
        "curl -i http://localhost:8000/a",
        "# -> 200 1",
        "#   your code asks redis: INCRBY /a 1",
        "#   your code asks redis: GET limit  # 6 times",
        "websocat ws://localhost:8000/chat",
        "# > hi",
        "#   your code asks redis: PUBLISH chat hi",
        "# < said",
        "# close 1000",
        "# redis is stopped",
        "curl -i http://localhost:8000/b",
        "# -> 200 -1",
        "# redis is started again",
        "# redis answers 0.001 s later",
        "# the app at http://localhost:8000 is stopped",
        "# the check asks redis: GET /a  # -> '1'",
        "# expected '2', got '1'",
    ], result


def test_what_the_check_asks_of_redis(suites: Suites) -> None:
    """Of many commands the first and the last, also of those in a pipeline; that all went well is not said."""
    suite = """
        @check(10)
        def test_x(subject, services):
            client = services.redis().client
            client.flushall()
            client.pipeline().set("a", "x" * 500).incrby("b", 2).execute()
            subject.pair()
            for key in "abcdefgh": assert client.ttl(key) < 0
            assert list(client.scan_iter(match="c*")) == ["c"]
        """
    lines = suites.check(suite, SUBMISSION).transcript.splitlines()
    assert lines[1:3] == ["# the check asks redis: FLUSHALL", f"# the check asks redis: SET a {'x' * 77}..."]
    assert lines[3] == "# the check asks redis: INCRBY b 2"
    assert lines[4:] == [
        "pair()  # -> Pair(left=1, right=[2])",
        "# the check asks redis: TTL a  # -> -1",
        "# ... 5 requests of the check left out",
        "# the check asks redis: TTL g  # -> -2",
        "# the check asks redis: TTL h  # -> -2",
        "# the check asks redis: SCAN 0 MATCH c*  # -> (0, [])",
        "# expected ['c'], got []",
    ]


def test_what_an_app_raises(suites: Suites) -> None:
    """Below the exchanges its own frames stand, of the last exception; nothing of frameworks, the cause with it."""
    app = """
        from fastapi import FastAPI

        def look(number):
            if number: raise KeyError(number)

        def create_app():
            app = FastAPI()
            @app.get("/{number}")
            async def get(number: int):
                try:
                    look(number)
                except KeyError as error:
                    raise ValueError(f"no {number}") from error
            return app
    """
    suite = """
        @check(10)
        def test_x(web):
            client = web.serve("create_app").client
            codes = [client.get(f"/{number}").status_code for number in (1, 2, 0)]
            assert codes == [200, 200, 200]
        """
    told = suites.check(suite, app).transcript.partition("# your app raised, the last time:\n")[2]
    lines = [line.removeprefix("#   ") for line in told.splitlines()]
    assert [line for line in lines if line and line[0] != " "] == [
        "Traceback (most recent call last):",
        "KeyError: 2",
        "The above exception was the direct cause of the following exception:",
        "Traceback (most recent call last):",
        "ValueError: no 2",
    ]
    frames = [line.split(", ") for line in lines if line.startswith("  File ")]
    assert [(file, function) for file, _, function in frames] == [
        ('  File "toy.py"', "in get"), ('  File "toy.py"', "in look"), ('  File "toy.py"', "in get"),
    ]  # fmt: skip


def test_what_an_app_only_says_that_it_raised(suites: Suites) -> None:
    """Whatever a submission has the cell say, the check is judged as it went."""
    for lie in ("[1]", "object()", "'x' * 10**6", "'\\\\n' * 10**6", "1 / 0", "__import__('os')._exit(3)"):
        app = f"""
            def create_app():
                from grader.cell.inside.web import Site
                Site.raised = lambda self: {lie}
                async def app(scope, receive, send):
                    assert scope["type"] == "http"
                    await send({{"type": "http.response.start", "status": 200, "headers": []}})
                    await send({{"type": "http.response.body", "body": b""}})
                return app
        """
        suite = """
            @check(10)
            def test_x(web): assert web.serve("create_app").client.get("/").status_code == 201
            """
        result = suites.check(suite, app)
        assert (result.verdict, result.message) == (Verdict.FAILED, "expected 201, got 200")
        assert len(result.transcript) < 1000


def test_apps_are_told_apart(suites: Suites) -> None:
    """Each has a port, in the order in which they were started, and so it has in a repro file."""
    suite = """
        @check(10)
        def test_x(web, services):
            redis = services.redis()
            one = web.serve("create_app", redis.url)
            two, three = web.serve("create_app", redis.url, processes=2)
            for site in (three, one, two, three): site.client.get("/a")
            with two.websocket("/chat"): pass
            one.stop()
            assert one is two
        """
    result = suites.check(suite, APP, record=True)
    lines = [line for line in result.transcript.splitlines() if not line.startswith((ASKED, "# ->"))]
    ports = [re.findall("localhost:([0-9]+)", line) for line in lines]
    assert ports[1:] == [["8000"], ["8001", "8002"], ["8002"], ["8000"], ["8001"], ["8002"], ["8001"], [], ["8000"], []]
    assert lines[2].endswith("is served by 2 processes, at http://localhost:8001 and http://localhost:8002")
    recording = msgspec.json.decode(result.recording, type=Recording)
    assert [(step.name, step.remark) for step in recording.steps if step.remark] == [
        ("site", "http://localhost:8000"),
        ("sites", "http://localhost:8001 and http://localhost:8002"),
    ]
    assert [step.text.partition(".exchange")[0] for step in recording.steps if ".exchange" in step.text] == [
        "sites[1]", "site", "sites[0]", "sites[1]",
    ]  # fmt: skip


def test_what_the_check_does_to_the_cell(suites: Suites) -> None:
    """Virtual time that passes, and a fresh process."""
    suite = """
        @check(10)
        def test_x(subject, cell, virtual_time):
            virtual_time.advance(2.5)
            cell.restart()
            subject.pair()
            assert virtual_time.elapsed == 0
        """
    assert suites.check(suite, SUBMISSION).transcript.splitlines()[1:4] == [
        "virtual_time.advance(2.5)",
        "# your code is started anew, in another process",
        "pair()  # -> Pair(left=1, right=[2])",
    ]


LOGIN = "curl --data-raw '{}' http://localhost:8000/login"
REFUSED = "# -> 401 no"

#: Lines, and what is shown of them.
RUNS = {
    "the same twice": (
        [LOGIN, REFUSED] * 2,
        [LOGIN, REFUSED, "# the same once more, 401"],
    ),
    "the same, and what it asks": (
        [LOGIN, REFUSED, f"{ASKED}redis: GET a", LOGIN, REFUSED, f"{ASKED}redis: GET a", f"{ASKED}redis: GET b"],
        [LOGIN, REFUSED, f"{ASKED}redis: GET a", "# the same once more, 401", f"{ASKED}redis: GET b"],
    ),
    "numbers that count up": (
        [line for n in range(9) for line in (LOGIN.format(f"name-{n}"), REFUSED)],
        [LOGIN.format("name-0"), REFUSED, "# the same 8 more times, each 401, with name-1 to name-8 for name-0"],
    ),
    "other numbers": (
        [line for n in (10, 5, 7, 6) for line in (LOGIN.format(f"2001:db8::{n}"), REFUSED)],
        [
            LOGIN.format("2001:db8::10"),
            REFUSED,
            "# the same 3 more times, each 401, with 2001:db8::5, 2001:db8::7, 2001:db8::6 for 2001:db8::10",
        ],
    ),
    "two that take turns": (
        [line for n in (1, 2, 4) for line in (f"clock.advance({n})", LOGIN.format(f"10.0.0.{n}"), REFUSED)],
        [
            "clock.advance(1)",
            LOGIN.format("10.0.0.1"),
            REFUSED,
            "# both calls 2 more times, each 401, with 2, 4 for 1 and 10.0.0.2, 10.0.0.4 for 10.0.0.1",
        ],
    ),
    "a word that comes twice counts once": (
        [line for n in (1, 2, 3) for line in (LOGIN.format(f"{n} {n} {n * n} {n * n}"), REFUSED)],
        [LOGIN.format("1 1 1 1"), REFUSED, "# the same 2 more times, each 401, with 2, 3 for 1 and 4, 9 for 1"],
    ),
    "messages": (
        ["websocat ws://localhost:8000/chat", *["# > 1", "# < 1"] * 3],
        ["websocat ws://localhost:8000/chat", "# > 1", "# < 1", "# both calls 2 more times, with the same answers"],
    ),
}
#: What is shown as it is.
NO_RUNS = {
    "numbers that differ once": [LOGIN.format("1"), REFUSED, LOGIN.format("2"), REFUSED],
    "other answers": [line for n in range(5) for line in (LOGIN, f"# -> 200 {n}")],
    "another status": [LOGIN, REFUSED, LOGIN, "# -> 200 no"],
    "other words": [line for name in ("ada", "bob", "eve") for line in (LOGIN.format(name), REFUSED)],
    "three numbers": [line for n in (1, 2, 3) for line in (LOGIN.format(f"{n} {n * n} {n**3}"), REFUSED)],
    "calls": [f"f({n})" for n in range(9)],
    "answers of calls": [line for n in range(3) for line in (f"f()  # -> {n}", LOGIN, REFUSED)],
    "messages that differ": ["# > 1", "# < 1", "# > 1", "# < 2"],
}


@pytest.mark.parametrize("name", RUNS)
def test_runs_of_exchanges(name: str) -> None:
    """What came again with no more than other numbers, and was answered the same, is one line."""
    lines, shown = RUNS[name]
    assert shortened(lines, 40) == shown


@pytest.mark.parametrize("name", NO_RUNS)
def test_what_is_no_run(name: str) -> None:
    """What may matter is shown as it was."""
    assert shortened(NO_RUNS[name], 40) == NO_RUNS[name]


def test_requests_leave_room_for_calls() -> None:
    """Of many requests the first of each call are shown; where calls need the room, those of the last calls. What is
    left out of the calls does not hang on the requests.
    """
    asked = [request("redis", ["GET", f"k{number}"], None) for number in range(6)]
    assert shortened(["one()", *asked, "two()"], 40) == ["one()", *asked[:4], f"{ASKED}2 times more", "two()"]
    one = request("backend", ["GET", "/"], 200)
    calls = [line for number in range(5) for line in (f"f({number})", one, asked[number])]
    assert shortened(calls, 5) == [
        "f(0)", "f(1)", f"{ASKED}4 times up to here",
        *[line for number in (2, 3, 4) for line in (f"f({number})", one, asked[number])],
    ]  # fmt: skip
    assert shortened(["one()", asked[0]] * 3, 40) == ["one()  # 3 times", f"{asked[0]}  # 3 times"]
    many = [f"f({number})" for number in range(50)]
    cut = shortened(many, 40)
    assert cut == [*many[:10], "# ... 10 lines left out", *many[20:]]
    with_requests = shortened([line for call in many for line in (call, *asked)], 40)
    assert [line for line in with_requests if not line.startswith(ASKED)] == cut
    assert with_requests[-6:] == [many[-1], *asked[:4], f"{ASKED}2 times more"]


@pytest.mark.parametrize("count", [20, 21, 22, 40])
@pytest.mark.parametrize("first", [[], ["f()"]])
def test_no_answer_without_its_exchange(first: list[str], count: int) -> None:
    """What is left out begins and ends between two exchanges."""
    lines = [*first, *[line for number in range(count) for line in (f"curl {number}", f"# -> {number}")]]
    cut = shortened(lines, 40)
    places = [place for place, line in enumerate(cut) if "left out" in line]
    assert len(cut) <= 42
    assert bool(places) == (len(lines) > 41)
    for place in places:
        assert cut[place - 1].startswith("# -> ")
        assert cut[place + 1].startswith("curl ")
        assert int(cut[place].split()[2]) + len(cut) - 1 == len(lines)


def test_a_request_is_cut() -> None:
    """Long words, many words and signs that would do something to a terminal."""
    shown = request("redis", ["EVAL", "x" * 1000, *map(str, range(20)), "\x1b"], None)
    assert shown.startswith(f"{ASKED}redis: EVAL xxx")
    assert shown.endswith("... 0 1 2 3 4 5 6 7 ... 13 more")
    assert request("backend", ["GET", "/\x1b[2J"], "200") == f"{ASKED}backend: GET /\\x1b[2J  # -> 200"
