"""Hidden suite of week1/offload. The driver runs scripted functions beside a heartbeat; what it saw is judged here."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.suite import check

FATES = {"value error": "ValueError", "stop iteration": "StopIteration", "timeout": "TimeoutError",
         "key error": "KeyError"}  # fmt: skip


@check(
    "every request has one reply, in the order of the requests, whichever call ends first",
    points=10,
    stage="core",
    hint="Wait for the oldest call that is in flight; the others may be done by then.",
)
def test_order(driver):
    kinds = ["hash", "fetch", "fetch", "hash", "fetch"]
    backwards = {0: ["end 1"], 1: ["end 2"], 2: ["end 3"], 3: ["end 4"]}
    seen = driver.watch(kinds, waits=backwards)
    together(seen)
    answered(seen, kinds)
    answered(driver.watch([]), [])

    @given(
        kinds=st.lists(st.sampled_from(["hash", "fetch"]), max_size=9),
        sizes=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5)),
    )
    @settings(max_examples=12)
    def any_requests(kinds, sizes):
        workers = dict(zip(("hash_workers", "fetch_workers", "window"), sizes, strict=True))
        answered(driver.watch(kinds, **workers), kinds)

    any_requests()


@check(
    "the loop runs on while hash_fn and fetch_fn work",
    points=14,
    stage="core",
    hint="A call on the loop's own thread stops every other task, also when it stands in an async def.",
)
def test_responsive(driver):
    kinds = ["hash", "fetch", "hash", "fetch", "fetch"]
    seen = driver.watch(kinds, waits={number: ["beats 3"] for number in range(5)})
    on_loop = [
        number for event, number, thread in seen["events"] if event == "start" and thread == seen["loop's thread"]
    ]
    assert not on_loop, f"{kinds[on_loop[0]]}_fn was called on the event loop's thread"
    together(seen)
    answered(seen, kinds)


@check(
    "hash_workers and fetch_workers calls run at the same moment, no more and no fewer",
    points=12,
    stage="core",
    hint="Start all that the window holds before you wait. asyncio.to_thread has a bound that is not yours.",
)
def test_workers(driver):
    def meet(kind, workers, count, **options):
        groups = [range(first, first + workers) for first in range(0, count, workers)]
        waits = {number: [*(f"start {other}" for other in group), "beats 3"] for group in groups for number in group}
        seen = driver.watch([kind] * count, waits=waits, **options)
        together(seen)
        answered(seen, [kind] * count)
        most = peak(seen, "start", "end")
        assert most <= workers, f"{most} calls of {kind}_fn ran at the same moment, {kind}_workers was {workers}"

    for workers in (3, 33):  # the loop's default executor has at most 32
        meet("hash", workers, 2 * workers, hash_workers=workers, fetch_workers=1, window=2 * workers)
    for workers in (3, 10):
        meet("fetch", workers, 2 * workers, fetch_workers=workers, hash_workers=1, window=2 * workers)
    meet("hash", 2, 6)
    meet("fetch", 8, 16)


@check(
    "slow fetches hold no hash up, slow hashes no fetch",
    points=8,
    stage="core",
    hint="What if every worker of a common pool waits for the network?",
)
def test_apart(driver):
    for slow, quick in (("fetch", "hash"), ("hash", "fetch")):
        kinds = [slow] * 6 + [quick] * 4
        waits = {number: [f"end {other}" for other in range(6, 10)] for number in range(6)}
        seen = driver.watch(kinds, waits=waits, hash_workers=2, fetch_workers=2, window=10)
        together(seen)
        answered(seen, kinds)


@check(
    "an exception is the error of its own reply, and the others have their values",
    points=8,
    stage="core",
    hint="Catch it where the function is called, and hand it over as a value.",
)
def test_errors(driver):
    kinds = ["hash", "fetch", "hash", "fetch", "hash"]
    seen = driver.watch(kinds, fates={1: "value error", 2: "refused"}, waits={0: ["end 1", "end 2"]})
    together(seen)
    answered(seen, kinds, {1: "ValueError('no 1',)", 2: "Refused('no 2', 7)"})


@check(
    "at most window requests are drawn whose replies were not taken yet, and the window is kept full",
    points=8,
    stage="core",
    hint="The consumer is slow: who stops you from reading on? Make room first, then draw.",
)
def test_back_pressure(driver):
    waits = {0: ["start 3"], 1: ["start 4"], 2: ["start 5"]}
    pauses = {2: ["beats 10"], 5: ["end 5", "beats 10"]}
    seen = driver.watch(["fetch", "hash"], endless=True, close_after=8, waits=waits, pauses=pauses, hash_workers=4,
                        fetch_workers=4, window=4)  # fmt: skip
    together(seen)
    answered(seen, ["fetch", "hash"] * 4)
    most = peak(seen, "draw", "got")
    assert most <= 4, f"{most} requests were drawn whose replies the consumer had not taken, window was 4"
    for window, options in ((1, {"window": 1}), (16, {})):
        waits = {0: [f"draw {window - 1}", "beats 3"]}
        seen = driver.watch(["hash"], endless=True, close_after=3, waits=waits, **options)
        together(seen)
        answered(seen, ["hash"] * 3)
        most = peak(seen, "draw", "got")
        assert most <= window, f"{most} requests were drawn whose replies were not taken yet, window was {window}"


@check(
    "aclose waits for the calls that run, starts none that wait, and the loop runs on meanwhile",
    points=8,
    stage="robust",
    hint="A pool's shutdown(wait=True) blocks the loop; wait=False alone waits for nobody.",
)
def test_aclose(driver):
    for kind in ("fetch", "hash"):
        busy = {1: ["closing 5"], 2: ["closing 8"], 0: ["start 1"]}
        seen = driver.watch([kind] * 9, waits=busy, close_after=1, hash_workers=2, fetch_workers=2, window=6)
        same_replies(seen, replies_to([kind]))
        ended_quietly(seen, "returned", "aclose() had returned")
        began = started(seen)
        assert began <= {0, 1, 2}, f"requests {sorted(began - {0, 1, 2})} were started after aclose() had been called"


@check(
    "cancelling the consumer does the same, and CancelledError comes out",
    points=6,
    stage="robust",
    hint="CancelledError is raised where you wait for a reply; the thread behind it does not hear of it.",
)
def test_cancel(driver):
    kinds = ["fetch", "hash", "fetch", "hash", "fetch", "hash", "fetch"]
    busy = {1: ["closing 5"], 2: ["closing 8"], 0: ["start 1"]}
    seen = driver.watch(kinds, waits=busy, cancel_when=["got 0", "start 1", "start 2"], hash_workers=1, fetch_workers=1,
                        window=6)  # fmt: skip
    same_replies(seen, replies_to(["fetch"]))
    ended_quietly(seen, "CancelledError", "the cancelled consumer had ended")
    began = started(seen)
    assert began == {0, 1, 2}, (
        f"requests {sorted(began - {0, 1, 2})} were started after the consumer had been cancelled"
    )


@check(
    "StopIteration is an error like any other, and so is a request of an unknown kind",
    points=4,
    stage="robust",
    hint="asyncio refuses to raise StopIteration into a future; what becomes of whoever waits for that future?",
)
def test_odd_errors(driver):
    kinds = ["hash", "fetch", "mail", "fetch", "hash"]
    fates = {0: "stop iteration", 1: "stop iteration", 3: "timeout"}
    seen = driver.watch(kinds, fates=fates)
    unknown = seen["replies"][2][2:] if len(seen["replies"]) > 2 else ()
    assert "".join(unknown).startswith("ValueError"), (
        "a request of the kind 'mail' did not get a ValueError as its error"
    )
    errors = {number: f"{FATES[fate]}('no {number}',)" for number, fate in fates.items()}
    answered(seen, kinds, errors | {2: unknown[0]})

    @given(fates=st.dictionaries(st.integers(0, 5), st.sampled_from(sorted(FATES)), max_size=6))
    @settings(max_examples=10)
    def any_errors(fates):
        expected = {number: f"{FATES[fate]}('no {number}',)" for number, fate in fates.items()}
        answered(driver.watch(["fetch", "hash"] * 3, fates=fates, window=3), ["fetch", "hash"] * 3, expected)

    any_errors()


@check(
    "when the requests break off, their exception comes out and nothing runs on",
    points=4,
    stage="robust",
    hint="The iterator raises where you draw from it, while calls are running.",
)
def test_source_breaks(driver):
    waits = {2: ["start 3", "start 4"], 3: ["got 2", "beats 5"], 4: ["got 2", "beats 8"]}
    seen = driver.watch(["fetch"] * 9, waits=waits, breaks_at=5, fetch_workers=3, window=3)
    assert seen["replies"][:3] == replies_to(["fetch"] * 3)
    assert seen["replies"] == replies_to(["fetch"] * 5)[: len(seen["replies"])]
    ended_quietly(seen, "OSError", "handle had raised")


@check(
    "workers and windows below 1 are a ValueError before anything is drawn, and 1 is enough",
    points=3,
    stage="robust",
    hint="An async generator runs nothing before the first anext(): that is early enough.",
)
def test_arguments(driver):
    for name in ("hash_workers", "fetch_workers", "window"):
        for value in (0, -1):
            seen = driver.watch(["hash", "fetch"], **{name: value})
            assert seen["ended"] == "ValueError", f"{name}={value}: handle {seen['ended']}, expected a ValueError"
            assert not seen["events"], f"{name}={value}: a request was drawn first"
    answered(driver.watch(["hash", "fetch"] * 2, hash_workers=1, fetch_workers=1, window=1), ["hash", "fetch"] * 2)


@check(
    "each call of handle has its own workers, keeps no reply that was taken, and leaves no thread",
    points=10,
    stage="production",
    hint="What lives as long as the module, or in a list that only grows?",
)
def test_footprint(driver):
    seen = driver.side_by_side()
    assert not seen["given up"], "two calls of handle, one worker each, did not run at the same moment"
    assert seen["replies"] == [[(("hash", number), f"hash {number}", "")] for number in (0, 1)]
    seen = driver.leftovers(400, window=8)
    assert seen["taken"] == 400
    assert seen["most"] <= 24, f"of 400 replies, {seen['most']} values were in memory at once, window was 8"
    assert seen["left"] == [], f"threads were left: {', '.join(seen['left'])[:80]}"


@check(
    "the functions see the context variables of the consumer, so that logs have their request id",
    points=5,
    stage="production",
    hint="A pool's thread has a context of its own. What does asyncio.to_thread do that run_in_executor does not?",
)
def test_context(driver):
    kinds = ["hash", "fetch"] * 3
    seen = driver.watch(kinds, window=3)
    answered(seen, kinds)
    assert seen["contexts"] == ["r-1"], (
        f"the consumer had set the variable to 'r-1', the functions saw {seen['contexts']}"
    )


def replies_to(kinds: list[str], errors: dict[int, str] | None = None) -> list[tuple[Any, Any, str]]:
    """The replies that requests 0, 1, … of these kinds have: request, value, error."""
    errors = errors or {}
    return [
        ((kind, number), None if number in errors else f"{kind} {number}", errors.get(number, ""))
        for number, kind in enumerate(kinds)
    ]


def same_replies(seen: dict[str, Any], expected: list[Any]) -> None:
    for number, (got, reply) in enumerate(zip(seen["replies"], expected, strict=False)):
        assert got == reply, f"reply {number} is (request, value, error) = {reply}, got {got}"
    count = len(seen["replies"])
    assert count == len(expected), f"{count} replies came, expected {len(expected)}"


def answered(seen: dict[str, Any], kinds: list[str], errors: dict[int, str] | None = None) -> None:
    same_replies(seen, replies_to(kinds, errors))
    assert seen["ended"] == "returned", f"after its last reply, handle: {seen['ended']}"
    again = [number for number in started(seen) if times(seen, "start", number) > 1]
    assert not again, f"request {again[0]} was called {times(seen, 'start', again[0])} times"


def together(seen: dict[str, Any]) -> None:
    """Whoever waited for something to happen beside it has seen it happen."""
    if seen["given up"]:
        who, what, number = re.fullmatch(r"(.+) waited for (\w+) (\d+) in vain", seen["given up"][0]).groups()
        until = {
            "start": f"request {number} began",
            "end": f"request {number} had ended",
            "got": f"the consumer had reply {number}",
            "beats": "the event loop went on",
            "closing": "handle was being closed",
        }[what]
        raise AssertionError(f"{who} was to go on when {until}, which did not happen beside it")


def ended_quietly(seen: dict[str, Any], ended: str, when: str) -> None:
    together(seen)
    assert seen["ended"] == ended, f"the consumer's task: {seen['ended']}, expected: {ended}"
    assert not seen["running"], f"request {seen['running'][0]} was still running when {when}"
    assert not seen["late"], f"when {when}, there was still: {', '.join(seen['late'][:3])}"


def started(seen: dict[str, Any]) -> set[int]:
    return {number for event, number, _ in seen["events"] if event == "start"}


def times(seen: dict[str, Any], event: str, number: int) -> int:
    return sum(row[:2] == (event, number) for row in seen["events"])


def peak(seen: dict[str, Any], begin: str, end: str) -> int:
    """The most requests that had begun and not ended, at any moment."""
    open_now = most = 0
    for event, _, _ in seen["events"]:
        open_now += (event == begin) - (event == end)
        most = max(most, open_now)
    return most
