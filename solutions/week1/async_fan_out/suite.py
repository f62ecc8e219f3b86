"""Hidden suite of async_fan_out. Statement: exercises/week1/async_fan_out/README.md."""

from __future__ import annotations

import asyncio
import json
import math
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.services import Answer, Hang, Reset
from grader.suite import check, fields, raises

REFUSED = "http://127.0.0.1:1/"  # nobody listens there
TRUNCATED = Answer(body=b'{"half": ', headers={"Content-Length": "99"})
KINDS = ("timeout", "connection", "status", "invalid_json", "invalid_url")
MALFORMED = ("", "not a url", "ftp://127.0.0.1/stock", "http://", "http://127.0.0.1:port/",
             "http://127.0.0.1:65536/", "http://127.0.0.1:-1/")  # fmt: skip
NOT_JSON = (b"", b"<html>busy</html>", b'{"cut": ', b"\x80\x81\x82", b'"caf\xe9"', b"[" * 100_000)


class Reply(NamedTuple):
    """A reply as the suite sees it: ``error`` holds the kind alone."""

    url: str
    status: int | None
    json: Any
    error: str | None


class Script:
    """One HTTP service. Each URL gets its own list of answers, the last of which repeats."""

    def __init__(self, services: Any) -> None:
        self.answers: dict[str, tuple[Any, ...]] = {}
        self.asked: dict[str, int] = {}
        self.backend = services.http(self.answer)

    def url(self, *answers: Any) -> str:
        path = f"/item/{len(self.answers)}"
        self.answers[path] = answers
        return self.backend.url + path

    def answer(self, request: Any) -> Any:
        answers = self.answers[request.path]
        turn = self.asked.get(request.path, 0)
        self.asked[request.path] = turn + 1
        return answers[min(turn, len(answers) - 1)]

    def story(self, url: str) -> str:
        """What the service behind ``url`` does, in words."""
        answers = self.answers.get(url.removeprefix(self.backend.url).partition("?")[0])
        if answers is None:
            return "nobody listens there" if url == REFUSED else ""
        words = [describe(answer) for answer in answers]
        return ", then ".join(words[:4])

    def compare(self, got: list[Reply], expected: list[Reply]) -> None:
        """Hold each reply against the expected one, so that the first that differs is shown alone."""
        assert len(got) == len(expected), f"{len(expected)} URLs gave {len(got)} replies"
        for left, right in zip(got, expected):
            story = self.story(right.url)
            assert left == right, f"expected {right}{story and f' ({story})'}, got {left}"

    def requests(self, url: str) -> list[Any]:
        return [request for request in self.backend.requests if self.backend.url + request.path == url]


class Behaviour(NamedTuple):
    """One kind of URL: a scripted answer or a fixed URL, the reply it must lead to, whether it is retried."""

    expected: tuple[int | None, Any, str | None]
    answer: Any = None
    url: str | None = None
    retried: bool = False


#: Every URL that cannot be requested, every body that cannot be parsed and one that can: no seed can miss any.
HARD_CASES = [Behaviour((None, None, "invalid_url"), url=text) for text in MALFORMED]
HARD_CASES += [Behaviour((200, None, "invalid_json"), Answer(body=body)) for body in NOT_JSON]
HARD_CASES += [
    Behaviour((200, "café", None), Answer(body='"café"'.encode(), headers={"Content-Type": kind}))
    for kind in ("application/json", "text/html; charset=latin-1")
]


@pytest.fixture
def script(services: Any) -> Script:
    return Script(services)


@check(
    "replies come in the order of the URLs, each with its url, status and JSON",
    points=5,
    stage="core",
    hint="Answers arrive in any order. Which one belongs to urls[2]?",
)
@settings(max_examples=15)
@given(data=st.data())
async def test_order(subject, virtual_time, script, data):
    values = data.draw(st.lists(json_values(), min_size=2, max_size=5), label="JSON")
    delays = data.draw(st.permutations([0.5 * step for step in range(len(values))]), label="delays in s")
    urls = [script.url(json_answer(value, delay)) + "?q=café" for value, delay in zip(values, delays)]
    replies = read(await subject.fan_out(urls, timeout_s=60))
    script.compare(replies, [Reply(url, 200, value, None) for url, value in zip(urls, values)])
    methods = {request.method for request in script.backend.requests}
    assert methods == {"GET"}, f"the services were asked with {', '.join(sorted(methods))}, expected GET only"


@check(
    "all services are called at once: the call lasts as long as the slowest",
    points=10,
    stage="core",
    hint="Start every request before you wait for the first answer.",
)
async def test_concurrent(subject, virtual_time, services, script):
    scripts = [script, Script(services), Script(services)]
    urls = [script.url(Answer(json=delay, delay=delay)) for script in scripts for delay in (0.5, 1.0, 2.0)]
    before = virtual_time.elapsed
    replies = read(await subject.fan_out(urls, timeout_s=60))
    took = virtual_time.elapsed - before
    script.compare(replies, [Reply(url, 200, delay, None) for url, delay in zip(urls, (0.5, 1.0, 2.0) * 3)])
    assert took <= 2.1, f"nine requests, the slowest of 2 s, took {took:.1f} s together"


@check(
    "an answer that is not 2xx or not JSON is a reply that keeps its status",
    points=8,
    stage="core",
    hint="Which of the six rows of the README's table does this answer belong to?",
)
async def test_answers(subject, virtual_time, script):
    target = script.url(Answer(json="moved"))
    cases = [(Answer(status=status, json={"ok": 1}), status, {"ok": 1}, None) for status in (200, 201, 299)]
    for status in (400, 401, 404, 429, 500, 503):
        cases.append((Answer(status=status, json={"detail": "no"}), status, None, "status"))
    for status in (301, 302, 307):
        cases.append((Answer(status=status, json={}, headers={"Location": target}), status, None, "status"))
    for body in (b"", b"<html>busy</html>", b'{"cut": '):
        cases.append((Answer(status=200, body=body), 200, None, "invalid_json"))
    cases.append((Answer(status=204), 204, None, "invalid_json"))
    cases.append((json_answer(None), 200, None, None))
    urls = [script.url(answer) for answer, *_ in cases]
    replies = read(await subject.fan_out(urls, timeout_s=60))
    script.compare(replies, [Reply(url, *expected) for url, (_, *expected) in zip(urls, cases)])
    assert not script.requests(target), "a redirect was followed: its target received a request"


@check(
    "a connection that fails costs its own reply and no other",
    points=7,
    stage="core",
    hint="What do gather and TaskGroup do with the other tasks when one raises?",
)
async def test_connection(subject, virtual_time, script):
    good = [script.url(Answer(json=number, delay=number)) for number in (0, 1, 2)]
    reset, short = script.url(Reset()), script.url(TRUNCATED)
    urls = [good[0], reset, good[1], REFUSED, short, good[2]]
    replies = read(await subject.fan_out(urls, timeout_s=60))
    script.compare(
        replies,
        [
            Reply(good[0], 200, 0, None),
            Reply(reset, None, None, "connection"),
            Reply(good[1], 200, 1, None),
            Reply(REFUSED, None, None, "connection"),
            Reply(short, None, None, "connection"),
            Reply(good[2], 200, 2, None),
        ],
    )


@check(
    "200 URLs with limit=10: never more than 10 requests in flight, and no fewer without need",
    points=8,
    stage="core",
    hint="One semaphore for the whole call, held while a request is in flight, not one for each host.",
)
async def test_limit(subject, virtual_time, services, script):
    scripts, again = [script, Script(services)], Script(services)
    urls = [scripts[number % 2].url(Answer(json=number, delay=1.0)) for number in range(200)]
    before = virtual_time.elapsed
    replies = read(await subject.fan_out(urls, timeout_s=600, limit=10))
    took = virtual_time.elapsed - before
    script.compare(replies, [Reply(url, 200, number, None) for number, url in enumerate(urls)])
    peak = most_at_once([request for script in scripts for request in script.backend.requests])
    assert peak <= 10, f"{peak} requests were in flight at once over two hosts, the limit was 10"
    assert took <= 20.5, f"200 requests of 1 s each, ten at a time, took {took:.1f} s instead of 20 s"

    urls = [again.url(Answer(status=503, delay=1.0), Answer(json="back", delay=1.0)) for _ in range(6)]
    replies = read(await subject.fan_out(urls, timeout_s=600, limit=2, retries=1))
    script.compare(replies, [Reply(url, 200, "back", None) for url in urls])
    peak = most_at_once(again.backend.requests)
    assert peak <= 2, f"{peak} requests were in flight at once while some were retried, the limit was 2"


@check(
    "at the deadline the replies that came are kept, the others say timeout",
    points=8,
    stage="core",
    hint="One clock for the whole call, and a place where finished replies survive it.",
)
async def test_deadline(subject, virtual_time, script):
    answers = [
        (Answer(json="early", delay=1.0), 200, "early", None),
        (Hang(), None, None, "timeout"),
        (Answer(json="just in time", delay=1.8), 200, "just in time", None),
        (Answer(json="late", delay=5.0), None, None, "timeout"),
        (Answer(status=404, delay=0.5), 404, None, "status"),
    ]
    urls = [script.url(answer) for answer, *_ in answers]
    before = virtual_time.elapsed
    replies = read(await subject.fan_out(urls, timeout_s=2))
    took = virtual_time.elapsed - before
    script.compare(replies, [Reply(url, *expected) for url, (_, *expected) in zip(urls, answers)])
    assert 1.95 <= took <= 2.05, f"the call with timeout_s=2 ended after {took:.2f} s"

    queued = [script.url(Answer(json="done", delay=1.5)) for _ in range(3)]
    before = virtual_time.elapsed
    replies = read(await subject.fan_out(queued, timeout_s=2, limit=1))
    took = virtual_time.elapsed - before
    late = [Reply(url, None, None, "timeout") for url in queued[1:]]
    script.compare(replies, [Reply(queued[0], 200, "done", None), *late])
    assert 1.95 <= took <= 2.05, f"three requests of 1.5 s with limit=1, timeout_s=2: ended after {took:.2f} s"
    assert not script.requests(queued[2]), "a URL that still waited for its turn at the deadline was requested"


@check(
    "a connection error, 502, 503 or 504 is tried again, up to retries times",
    points=7,
    stage="core",
    hint="retries counts extra attempts: retries=2 allows three requests.",
)
async def test_retry(subject, virtual_time, script):
    good = Answer(json="healed")
    twice = (Answer(status=502), Answer(status=504), good)
    urls = [script.url(*plan) for plan in [(Answer(status=503), good), (Reset(), good), twice, (good,)]]
    replies = read(await subject.fan_out(urls, timeout_s=60, retries=2))
    script.compare(replies, [Reply(url, 200, "healed", None) for url in urls])
    counts = [len(script.requests(url)) for url in urls]
    assert counts == [2, 2, 3, 1], f"the four URLs were requested {counts} times, expected [2, 2, 3, 1]"

    once = script.url(Answer(status=503), good)
    replies = read(await subject.fan_out([once], timeout_s=60))
    script.compare(replies, [Reply(once, 503, None, "status")])
    requests = len(script.requests(once))
    assert requests == 1, f"without retries a URL that answered 503 was requested {times(requests)}"


@check(
    "cancelling the caller reaches every request and leaves no task",
    points=7,
    stage="core",
    hint="Who cancels your tasks, and who waits for them to end, when CancelledError arrives in fan_out?",
)
async def test_cancel(driver, script):
    backend = script.backend
    urls = [script.url(Hang()) for _ in range(8)]

    async def requests_arrive() -> None:
        await until(lambda: backend.in_flight >= 4)

    async def connections_close() -> None:
        await until(lambda: backend.open_connections == 0)

    seen = await driver.cancel(urls, {"timeout_s": 600, "limit": 4, "retries": 3}, requests_arrive, connections_close)
    asked, still_open = len(backend.requests), backend.open_connections
    assert asked >= 4, f"8 URLs with limit=4: {asked} requests were in flight when the task was cancelled"
    ended = seen["ended"]
    assert ended == "CancelledError", f"task.cancel() should end fan_out with CancelledError; {ended}"
    assert asked == 4, f"8 URLs with limit=4, cancelled with 4 in flight: {asked} requests were sent in all"
    assert not seen["tasks_left"], f"{seen['tasks_left']} tasks of fan_out were alive after its cancellation"
    assert not still_open, f"{still_open} connections stayed open after the cancellation"


@check(
    "any mixture of services, URLs and bodies gives one right reply for each URL",
    points=8,
    stage="robust",
    hint="What can building a request, sending it and parsing the body raise? Is every URL its own request?",
)
@settings(max_examples=30)
@example(cases=HARD_CASES, order=list(range(len(HARD_CASES))), limit=None, retries=0)
@given(
    cases=st.deferred(lambda: st.lists(behaviours(), min_size=1, max_size=5)),
    order=st.lists(st.integers(0, 4), max_size=7),
    limit=st.none() | st.integers(1, 3),
    retries=st.integers(0, 2),
)
async def test_mixture(subject, virtual_time, script, cases, order, limit, retries):
    picks = [number % len(cases) for number in order]
    known = [script.url(case.answer) if case.url is None else case.url for case in cases]
    replies = read(await subject.fan_out([known[pick] for pick in picks], timeout_s=600, limit=limit, retries=retries))
    script.compare(replies, [Reply(known[pick], *cases[pick].expected) for pick in picks])
    for number, case in enumerate(cases):
        if case.answer:
            expected = picks.count(number) * (1 + retries if case.retried else 1)
            requests = len(script.requests(known[number]))
            assert requests == expected, (
                f"a URL that stands in urls {times(picks.count(number))} ({script.story(known[number])}) "
                f"was requested {times(requests)}, expected {times(expected)} (retries={retries})"
            )


@check(
    "only what may heal is tried again, and never more often than allowed",
    points=5,
    stage="robust",
    hint="Would the same request get another answer a moment later? A 404 or a broken body would not.",
)
async def test_attempts(subject, virtual_time, script):
    attempts = {302: 1, 400: 1, 404: 1, 429: 1, 500: 1, 502: 4, 503: 4, 504: 4}
    cases = [(Answer(status=code), Reply("", code, None, "status"), count) for code, count in attempts.items()]
    cases.append((Answer(body=b"<html>"), Reply("", 200, None, "invalid_json"), 1))
    cases.append((Reset(), Reply("", None, None, "connection"), 4))
    urls = [script.url(answer) for answer, *_ in cases]
    before = virtual_time.elapsed
    replies = read(await subject.fan_out(urls, timeout_s=60, retries=3))
    took = virtual_time.elapsed - before
    script.compare(replies, [reply._replace(url=url) for url, (_, reply, _) in zip(urls, cases)])
    for url, (_, _, expected) in zip(urls, cases):
        requests = len(script.requests(url))
        assert requests == expected, (
            f"with retries=3 a URL ({script.story(url)}) was requested {times(requests)}, expected {times(expected)}"
        )
    assert took <= 0.75, f"four attempts that fail at once have 0.7 s of pauses; the call took {took:.2f} s"


@check(
    "retries wait 0.1 s, 0.2 s, 0.4 s …, and the deadline ends the waiting too",
    points=4,
    stage="robust",
    hint="The pause doubles after each failed attempt. Does the clock of the whole call run during pauses?",
)
async def test_pauses(subject, virtual_time, script):
    away = Answer(status=503)
    url = script.url(away, Reset(), away, Answer(json="back"))
    replies = read(await subject.fan_out([url], timeout_s=60, retries=3))
    script.compare(replies, [Reply(url, 200, "back", None)])
    starts = [request.started for request in script.requests(url)]
    pauses = [round(after - before, 2) for before, after in pairwise(starts)]
    assert pauses == [0.1, 0.2, 0.4], f"the attempts were {pauses} s apart, expected [0.1, 0.2, 0.4]"

    down, good = script.url(away), script.url(Answer(json="here"))
    before = virtual_time.elapsed
    replies = read(await subject.fan_out([down, good], timeout_s=1, retries=20))
    took = virtual_time.elapsed - before
    script.compare(replies, [Reply(down, None, None, "timeout"), Reply(good, 200, "here", None)])
    assert 0.95 <= took <= 1.05, f"the call with timeout_s=1 and retries=20 ended after {took:.2f} s"
    requests = len(script.requests(down))
    assert requests == 4, f"pauses of 0.1, 0.2, 0.4, 0.8 s leave room for 4 requests in 1 s, not {requests}"


@check(
    "a free slot is taken at once, whoever is still slow",
    points=4,
    stage="robust",
    hint="Working in batches makes everybody wait for the slowest of each batch.",
)
async def test_free_slot(subject, virtual_time, script):
    delays = [4.0] + [1.0] * 8
    urls = [script.url(Answer(json=delay, delay=delay)) for delay in delays]
    before = virtual_time.elapsed
    replies = read(await subject.fan_out(urls, timeout_s=60, limit=3))
    took = virtual_time.elapsed - before
    script.compare(replies, [Reply(url, 200, delay, None) for url, delay in zip(urls, delays)])
    peak = most_at_once(script.backend.requests)
    assert peak <= 3, f"{peak} requests were in flight at once, the limit was 3"
    assert took <= 4.1, f"one request of 4 s and eight of 1 s with limit=3 took {took:.1f} s instead of 4 s"


@check(
    "wrong arguments are refused before any request, right ones at the edge are taken",
    points=4,
    stage="robust",
    hint="An async function can raise before its first await. Is limit=0 the same as limit=None?",
)
async def test_arguments(subject, virtual_time, script):
    url = script.url(Answer(json="fine"))
    wrong: list[dict[str, Any]] = [{"timeout_s": bad} for bad in (0, -1, -0.5, math.nan, math.inf)]
    wrong += [{"timeout_s": 30, "limit": bad} for bad in (0, -1)]
    wrong += [{"timeout_s": 30, "retries": -1}]
    for options in wrong:
        for urls in ([url], []):
            with raises(ValueError):
                await subject.fan_out(urls, **options)
    requests = len(script.backend.requests)
    assert not requests, f"calls with wrong arguments sent {requests} requests"
    script.compare(read(await subject.fan_out([], timeout_s=30)), [])
    replies = read(await subject.fan_out([url], timeout_s=30, limit=1, retries=0))
    script.compare(replies, [Reply(url, 200, "fine", None)])


@check(
    "one client for the call: connections are reused, and all are closed when it returns",
    points=5,
    stage="production",
    hint="Where is the client made, how often, and who closes it?",
)
async def test_client(driver, virtual_time, script):
    backend = script.backend
    urls = [script.url(Answer(json=number)) for number in range(100)]

    async def connections_close() -> None:
        await until(lambda: backend.open_connections == 0)

    seen = await driver.call(urls, {"timeout_s": 60, "limit": 10}, connections_close)
    still_open = backend.open_connections
    script.compare(plain(seen["replies"]), [Reply(url, 200, number, None) for number, url in enumerate(urls)])
    opened = backend.connections
    assert opened <= 10, f"100 requests to one host opened {opened} connections; limit=10 allows at most 10"
    assert not still_open, f"{still_open} connections stayed open after fan_out had returned"


@check(
    "only timeout_s and limit bound the call, not the client's own defaults",
    points=5,
    stage="production",
    hint="Which time-out and how many connections does httpx.AsyncClient() have if you do not say?",
)
async def test_defaults(subject, virtual_time, script):
    urls = [script.url(Answer(json=number, delay=8.0)) for number in range(105)]
    replies = read(await subject.fan_out(urls, timeout_s=10))
    peak = script.backend.peak
    assert peak == 105, f"of 105 URLs without a limit, only {peak} were in flight at once"
    script.compare(replies, [Reply(url, 200, number, None) for number, url in enumerate(urls)])


@check(
    "after the deadline nothing runs on: no task, no request, no connection",
    points=5,
    stage="production",
    hint="Tasks that missed the deadline must be cancelled and awaited, not just forgotten.",
)
async def test_nothing_left(driver, virtual_time, script):
    backend = script.backend
    good, waiting = script.url(Answer(json="in time", delay=0.5)), script.url(Hang())
    slow = script.url(Answer(json="late", delay=3.0))
    still_open = 0

    async def connections_close() -> None:
        nonlocal still_open
        await until(lambda: backend.open_connections == 0)
        still_open = backend.open_connections

    seen = await driver.call([good, waiting, slow], {"timeout_s": 1}, connections_close)
    late = [Reply(url, None, None, "timeout") for url in (waiting, slow)]
    script.compare(plain(seen["replies"]), [Reply(good, 200, "in time", None), *late])
    assert not seen["tasks_left"], f"{seen['tasks_left']} tasks of fan_out were alive after it had returned"
    assert not still_open, f"{still_open} connections stayed open after fan_out had returned"
    for url in (waiting, slow):
        sent = script.requests(url)
        broken_off = sum(request.aborted for request in sent)
        assert (len(sent), broken_off) == (1, 1), (
            f"a late URL was requested {times(len(sent))}, and {broken_off} of that broken off, expected 1 of 1"
        )


def describe(answer: Any) -> str:
    if isinstance(answer, Hang):
        return "the service never answers"
    if isinstance(answer, Reset):
        return "the connection is reset"
    if answer is TRUNCATED:
        return "the answer is shorter than its Content-Length"
    delay = f" after {answer.delay:g} s" if answer.delay else ""
    body = "" if answer.json is not None else f", body {answer.body[:20]!r}"
    return f"status {answer.status}{body}{delay}"


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def json_answer(value: Any, delay: float = 0.0) -> Answer:
    """An answer whose body is JSON, also where the value is None."""
    return Answer(body=json.dumps(value).encode(), delay=delay)


def read(replies: Any) -> list[Reply]:
    """What fan_out returned, as plain values, whatever kind of object a reply is."""
    assert isinstance(replies, list), "fan_out did not return a list"
    return plain([fields(reply, "url", "status", "json", "error") for reply in replies])


def plain(rows: list[tuple[Any, ...]]) -> list[Reply]:
    """Rows of url, status, json, error with the error cut down to its kind."""
    replies = []
    for url, status, body, error in rows:
        assert error is None or isinstance(error, str), f"error is {error!r}, expected None or a str"
        kind = error if error is None else error.partition(":")[0]
        assert kind is None or kind in KINDS, f"error {error!r} does not start with one of {', '.join(KINDS)}"
        replies.append(Reply(url, status, body, kind))
    return replies


def most_at_once(requests: list[Any]) -> int:
    """The most requests in flight at any moment; one that starts when another ends does not overlap it."""
    ends = [(request.finished, -1) for request in requests if request.finished is not None]
    in_flight = peak = 0
    for _, step in sorted(ends + [(request.started, 1) for request in requests]):
        in_flight += step
        peak = max(peak, in_flight)
    return peak


async def until(condition: Any) -> None:
    """Wait for what the network brings a moment later. If it never comes, the caller judges that."""
    for _ in range(600):
        if condition():
            return
        await asyncio.sleep(0.01)


def json_values() -> st.SearchStrategy[Any]:
    numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    )


def behaviours() -> st.SearchStrategy[Behaviour]:
    def status(code: int) -> Behaviour:
        retried = code in (502, 503, 504)
        return Behaviour((code, None, "status"), Answer(status=code, json={}), retried=retried)

    def good(value: Any, delay: float) -> Behaviour:
        return Behaviour((200, value, None), json_answer(value, delay))

    def broken(answer: Any) -> Behaviour:
        return Behaviour((None, None, "connection"), answer, retried=True)

    return st.one_of(
        st.builds(good, json_values(), st.sampled_from([0.0, 0.5, 1.0])),
        st.sampled_from([302, 404, 429, 500, 502, 503, 504]).map(status),
        st.sampled_from(NOT_JSON).map(lambda body: Behaviour((200, None, "invalid_json"), Answer(body=body))),
        st.sampled_from([Reset(), TRUNCATED]).map(broken),
        st.just(Behaviour((None, None, "connection"), url=REFUSED)),
        st.sampled_from(MALFORMED).map(lambda text: Behaviour((None, None, "invalid_url"), url=text)),
    )
