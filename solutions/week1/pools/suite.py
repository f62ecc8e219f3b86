"""Hidden suite of week1/pools. The driver plays a scripted task and reports events; they are judged here."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.suite import check, raises

LONG = 0.1  # seconds: in which a caller that does too much at once has done it, on a busy machine too

plain_values = st.none() | st.integers(-3, 3) | st.text(max_size=2) | st.lists(st.integers(0, 1), max_size=2)


@check(
    "run_threads returns results in input order, whichever item finishes first",
    points=8,
    stage="core",
    hint="A result belongs to a place in the input: not to a moment, nor to an item, for items may be equal.",
)
def test_threads_keep_order(subject, driver):
    seen = driver.watch("run_threads", 6, workers=3, waits=finishing_in([2, 0, 1], groups=2))
    ran_in_threads(seen)
    ran_together(seen, workers=3)
    assert seen["results"] == [0, 1, 2, 3, 4, 5]

    def wrap(item):
        return [item]

    @given(items=st.lists(plain_values, max_size=8), workers=st.integers(1, 4))
    @settings(max_examples=30)
    def any_items(items, workers):
        assert subject.run_threads(wrap, items, workers=workers) == [[item] for item in items]

    any_items()


@check(
    "run_processes returns results in input order, whichever item finishes first",
    points=8,
    stage="core",
    hint="A result belongs to a place in the input: not to a moment, nor to an item, for items may be equal.",
    needs=("processes",),
)
def test_processes_keep_order(subject, driver):
    seen = driver.watch("run_processes", 6, workers=3, waits=finishing_in([2, 0, 1], groups=2))
    ran_in_processes(seen)
    ran_together(seen, workers=3)
    assert seen["results"] == [0, 1, 2, 3, 4, 5]

    items = [None, 0, [1], {"a": 1}, "", 0]
    assert subject.run_processes(driver.echo, items, workers=2) == [[item] for item in items]
    assert subject.run_processes(driver.echo, [], workers=2) == []


@check(
    "run_threads runs `workers` calls at the same moment, no more and no fewer, each on its own thread",
    points=9,
    stage="core",
    hint="Hand out items before you wait for a result. Then wait for whichever call ends first, not for all.",
)
def test_threads_at_once(driver):
    seen = driver.watch("run_threads", 12, workers=4, waits=meeting(12, 4), pauses=each(12, 0.01) | each(4, LONG))
    ran_in_threads(seen)
    ran_together(seen, workers=4)
    running = peak(seen, "start", "end")
    assert running == 4, f"{running} calls of fn ran at the same moment, workers was 4"
    threads = {thread for _, number, _, thread in happened(seen, "start") if number < 4}
    assert len(threads) == 4, f"4 calls that ran at the same moment shared {len(threads)} threads"
    held_nobody_up(driver.watch("run_threads", 12, workers=2, waits=slow_first(12)), 12)


@check(
    "run_processes runs `workers` calls at the same moment, no more and no fewer, each in its own process",
    points=9,
    stage="core",
    hint="Hand out items before you wait for a result. Then wait for whichever call ends first, not for all.",
    needs=("processes",),
)
def test_processes_at_once(driver):
    seen = driver.watch("run_processes", 6, workers=2, waits=meeting(6, 2), pauses=each(6, 0.01) | each(2, LONG))
    ran_in_processes(seen)
    ran_together(seen, workers=2)
    running = peak(seen, "start", "end")
    assert running == 2, f"{running} calls of fn ran at the same moment, workers was 2"
    processes = {process for _, number, process, _ in happened(seen, "start") if number < 2}
    assert len(processes) == 2, "2 calls that ran at the same moment shared one process"
    held_nobody_up(driver.watch("run_processes", 12, workers=2, waits=slow_first(12)), 12)


@check(
    "a failure in run_threads raises PoolError with the item and the cause",
    points=8,
    stage="core",
    hint="Keep the item beside its future; `raise PoolError(item) from error` sets the cause.",
)
@given(
    items=st.lists(st.integers(-99, 99), min_size=1, max_size=8, unique=True),
    place=st.integers(0, 7),
    workers=st.integers(1, 4),
)
@settings(max_examples=20)
def test_thread_failure(subject, driver, items, place, workers):
    bad = items[place % len(items)]

    def reject(item):
        if item == bad:
            raise ValueError(f"no good: {item}")
        return item

    with raises("PoolError") as caught:
        subject.run_threads(reject, items, workers=workers)
    named(caught, bad, "ValueError")

    place %= 6
    seen = driver.watch("run_threads", 6, workers=2, fates={place: "value error"}, catch=True)
    ran_in_threads(seen)
    failed_for(seen, place)
    caused_by(seen, f"ValueError('no good: {place}')")


@check(
    "a failure in run_processes raises PoolError with the item and the cause",
    points=8,
    stage="core",
    hint="Keep the item beside its future, in the parent; `raise PoolError(item) from error` sets the cause.",
    needs=("processes",),
)
def test_process_failure(subject, driver):
    seen = driver.watch("run_processes", 6, workers=2, fates={3: "value error"}, catch=True)
    ran_in_processes(seen)
    failed_for(seen, 3)
    caused_by(seen, "ValueError('no good: 3')")

    orders = [*({"price": number} for number in range(4)), {"cost": 7}, {"price": 9}]
    with raises("PoolError") as caught:
        subject.run_processes(driver.price, orders, workers=2)
    named(caught, {"cost": 7}, "KeyError")


@check(
    "run_auto uses threads for io and processes for cpu",
    points=5,
    stage="core",
    hint="Work that waits gives up the GIL; work that computes in Python holds it.",
    needs=("processes",),
)
def test_auto_picks_the_pool(driver):
    waiting = driver.watch("run_auto", 4, kind="io", workers=2)
    ran_in_threads(waiting)
    answered(waiting, 4)

    computing = driver.watch("run_auto", 4, kind="cpu", workers=2)
    ran_in_processes(computing)
    answered(computing, 4)


@check(
    "limit draws exactly that many items from an iterator, even an endless one",
    points=5,
    stage="core",
    hint="0 is a limit too. Drawing one item more, only to find that it is too many, is one too many.",
)
def test_limit(driver):
    for function, options in [("run_threads", {}), ("run_auto", {"kind": "io"})]:
        for limit in (7, 1, 0):
            seen = driver.watch(function, None, workers=3, limit=limit, **options)
            drawn = len(happened(seen, "draw"))
            assert drawn == limit, f"{function} drew {drawn} items from an endless iterator for limit={limit}"
            ran_in_threads(seen, at_least=limit)
            answered(seen, limit)

    answered(driver.watch("run_threads", 3, workers=2, limit=10), 3)


@check(
    "a failure in run_threads ends the run and cancels what waits, whatever the type of the error",
    points=7,
    stage="robust",
    hint="Before you wait for what runs, cancel what waits. StopIteration is an exception like any other.",
)
def test_failure_stops_threads(driver):
    short = {"pauses": each(200, 0.01), "catch": True}
    for fate in ("value error", "stop iteration"):
        stopped_at_5(driver.watch("run_threads", 200, workers=3, fates={5: fate}, **short))

    waits = {0: [("start", 1), ("start", 2)], 1: [("raise", 0)], 2: [("raise", 0)]}
    long = {"pauses": dict.fromkeys(range(1, 20), 0.2), "catch": True}
    seen = driver.watch("run_threads", 20, workers=3, waits=waits, fates={0: "value error"}, **long)
    ran_in_threads(seen)
    ran_together(seen, workers=3)
    failed_for(seen, 0)
    late = [row[1] for row in since_failure(seen) if row[0] == "start"]
    assert len(late) <= 1, f"items {late} were started after item 0 had failed, but only one worker was free"


@check(
    "run_threads has at most 2 x workers items in flight",
    points=7,
    stage="robust",
    hint="An item is in flight from the moment it is drawn: first make room, then draw.",
)
def test_threads_in_flight(driver):
    seen = driver.watch("run_threads", None, workers=3, limit=30, pauses=each(30, 0.005) | each(3, LONG))
    ran_in_threads(seen)
    answered(seen, 30)
    most = peak(seen, "draw", "end")
    assert most <= 6, f"{most} items were in flight at once (drawn and not finished), with 3 workers 6 may be"


@check(
    "run_processes has at most 2 x workers items in flight, and a failure ends the run",
    points=7,
    stage="robust",
    hint="An item is in flight once it is drawn: first make room, then draw. After a failure draw no more.",
    needs=("processes",),
)
def test_processes_bounded(driver):
    seen = driver.watch("run_processes", None, workers=2, limit=20, pauses=each(20, 0.005) | each(2, LONG))
    ran_in_processes(seen)
    answered(seen, 20)
    most = peak(seen, "draw", "end")
    assert most <= 4, f"{most} items were in flight at once (drawn and not finished), with 2 workers 4 may be"

    short = {"pauses": each(200, 0.01), "catch": True}
    stopped_at_5(driver.watch("run_processes", 200, workers=2, fates={5: "value error"}, **short))


@check(
    "workers below 1, a negative limit and an unknown kind are a ValueError, and one worker is enough",
    points=4,
    stage="robust",
    hint="Check every argument before the first item is drawn.",
)
def test_wrong_arguments(driver):
    wrong = [
        ("run_threads", {"workers": 0}),
        ("run_threads", {"workers": 2, "limit": -1}),
        ("run_processes", {"workers": 0}),
        ("run_processes", {"workers": -2}),
        ("run_auto", {"workers": 0, "kind": "io"}),
        ("run_auto", {"workers": 2, "kind": "gpu"}),
    ]
    for function, options in wrong:
        seen = driver.watch(function, 3, catch=True, **options)
        call = f"{function}(fn, items, {', '.join(f'{name}={value!r}' for name, value in options.items())})"
        raised_before_drawing(seen, call, "ValueError")

    seen = driver.watch("run_threads", 3, workers=1, limit=None)
    ran_in_threads(seen)
    answered(seen, 3)


@check(
    "run_processes refuses a function that cannot be pickled, by name",
    points=3,
    stage="production",
    hint="pickle.dumps(fn) tells before anything has started. Which exceptions can it raise?",
    needs=("processes",),
)
def test_unpicklable_function(driver):
    for fn in ("lambda", "nested", "cached"):
        answered(driver.watch("run_threads", 3, workers=2, fn=fn), 3)

        seen = driver.watch("run_processes", 3, workers=2, fn=fn, catch=True)
        name = seen["name"]
        raised_before_drawing(seen, f"run_processes({name}, items, workers=2)", "TypeError")
        text = seen["error"]["text"]
        assert name in text, f"the message {text!r} does not contain the function's __qualname__, {name!r}"

    seen = driver.watch("run_processes", 3, workers=2)
    ran_in_processes(seen)
    answered(seen, 3)


@check(
    "run_threads leaves nothing running, whichever way it ends",
    points=4,
    stage="production",
    hint="Shut the pool down in a finally and wait for it: after a result, a failure and a broken iterator.",
)
def test_no_thread_survives(driver):
    ends_cleanly(driver, "run_threads", ran_in_threads)


@check(
    "run_processes leaves nothing running, whichever way it ends",
    points=4,
    stage="production",
    hint="Shut the pool down in a finally and wait for it: after a result, a failure and a broken iterator.",
    needs=("processes",),
)
def test_no_process_survives(driver):
    ends_cleanly(driver, "run_processes", ran_in_processes)


@check(
    "a worker that dies, an error or a result that cannot be sent back: still a PoolError",
    points=4,
    stage="production",
    hint="A broken pool raises too, also from submit. What pickles in a worker may not unpickle again.",
    needs=("processes",),
)
def test_lost_answers(driver):
    dead = driver.watch("run_processes", 10, workers=1, fates={5: "die"}, catch=True)
    ran_in_processes(dead)
    failed_for(dead, 5, 6)
    assert dead["error"]["cause"] != "None", "PoolError for a dead worker has no __cause__"

    declined = driver.watch("run_processes", 8, workers=2, fates={3: "card declined"}, catch=True)
    failed_for(declined, 3)
    cause = declined["error"]["cause"]
    assert "CardDeclinedError" in cause, f"fn raised CardDeclinedError, but the __cause__ of PoolError is {cause}"

    failed_for(driver.watch("run_processes", 8, workers=2, fates={3: "lock"}, catch=True), 3)


# Scripts: which events an item waits for before it returns.


def meeting(count, workers):
    """Item n waits until all items of its group of `workers` have started."""
    groups = [range(first, first + workers) for first in range(0, count, workers)]
    return {number: [("start", other) for other in group] for group in groups for number in group}


def finishing_in(order, groups):
    """Within each group the items finish in this order, once the whole group has started."""
    size = len(order)
    waits = meeting(size * groups, size)
    for first in range(0, size * groups, size):
        for earlier, later in pairwise(order):
            waits[first + later].append(("end", first + earlier))
    return waits


def slow_first(count):
    """Item 0 waits until all the others have started."""
    return {0: [("start", number) for number in range(1, count)]}


def each(count, seconds):
    return dict.fromkeys(range(count), seconds)


# Readings: what the events of a run say.


def happened(seen, event):
    return [row for row in seen["events"] if row[0] == event]


def since_failure(seen):
    return seen["events"][[row[0] for row in seen["events"]].index("raise") :]


def peak(seen, opens, closes):
    """The most items that had met event `opens` and not yet `closes`."""
    most = now = 0
    for event, *_ in seen["events"]:
        now += (event == opens) - (event == closes)
        most = max(most, now)
    return most


# Demands, each with a message in the learner's words.


def answered(seen, count):
    """Every item has its result; the order is another check's business."""
    results = seen["results"]
    missing = [number for number in range(count) if not isinstance(results, list) or number not in results]
    assert not missing, f"the results of items {missing[:9]} are missing from {shortened(results)}"
    assert len(results) == count


def ran_in_threads(seen, at_least=1):
    starts = called_once(seen, at_least)
    assert all(row[2] == seen["process"] for row in starts), "fn was called in another process, not on a thread"
    own = any(row[3] == seen["thread"] for row in starts)
    assert not own, "fn was called on the caller's thread, not on a worker's"


def ran_in_processes(seen):
    own = any(row[2] == seen["process"] for row in called_once(seen, at_least=1))
    assert not own, "fn was called in the caller's process, not in a worker process"


def called_once(seen, at_least):
    starts = happened(seen, "start")
    numbers = [row[1] for row in starts]
    why = f", and {seen['error']['line']} was raised" if seen["error"] else ""
    assert len(numbers) >= at_least, f"fn was called {len(numbers)} times, not {at_least}{why}"
    again = sorted({number for number in numbers if numbers.count(number) > 1})
    assert not again, f"fn was called more than once for items {again}"
    return starts


def ran_together(seen, workers):
    alone = [row[1] for row in happened(seen, "alone")]
    assert not alone, (
        f"{workers} calls of fn should run at the same moment, but at most {peak(seen, 'start', 'end')} did: "
        f"item {alone[0]} waited in vain for its neighbours"
    )


def held_nobody_up(seen, count):
    events = [row[0] for row in seen["events"]]
    if "alone" in events:
        started = events[: events.index("alone")].count("start") - 1
        raise AssertionError(
            f"while item 0 ran, the other worker should have gone through items 1 to {count - 1}, "
            f"but only {started} of them were started before item 0 had returned"
        )
    answered(seen, count)


def failed_for(seen, *items):
    failure = f"fn failed for item {items[0]}"
    error = raised(seen, failure)
    assert "PoolError" in error["kinds"], f"{failure}, expected a PoolError, got {error['line']}"
    assert error["item"] in items, f"{failure}, but PoolError.item is {error['item']!r}"


def caused_by(seen, cause):
    got = seen["error"]["cause"]
    assert got == cause, f"fn raised {cause}, but the __cause__ of PoolError is {got}"


def named(caught, item, cause):
    got = caught.error.item
    assert got == item, f"fn failed for item {item!r}, but PoolError.item is {shortened(got)}"
    got = caught.error.cause
    assert got == cause, f"fn raised {cause}, but the __cause__ of PoolError is {got}"


def raised(seen, reason):
    error = seen["error"]
    assert error is not None, f"{reason}, but the call returned {shortened(seen['results'])}"
    return error


def stopped_at_5(seen):
    failed_for(seen, 5)
    started = len(happened(seen, "start"))
    assert started < 200, "item 5 failed, but all 200 items were started before PoolError was raised"


def raised_before_drawing(seen, call, kind):
    error = raised(seen, f"{call} should raise {kind}")
    assert kind in error["kinds"], f"{call} should raise {kind}, got {error['line']}"
    assert happened(seen, "draw") == [], f"{call} drew an item before it raised {kind}"


def ends_cleanly(driver, function, ran_in_workers):
    seen = driver.watch(function, 6, workers=2, census=True)
    ran_in_workers(seen)
    answered(seen, 6)
    nothing_left(seen, "a result")

    catch = {"catch": True, "census": True}
    script = {
        "waits": {0: [("raise", 1)], 1: [("start", 0)]},
        "pauses": {0: 0.15},
        "fates": {1: "value error"},
    }
    seen = driver.watch(function, 6, workers=2, **script, **catch)
    error = raised(seen, "fn failed for item 1")
    ended = ("end", 0) in [row[:2] for row in seen["events"]]
    assert ended, f"item 0 was running when item 1 failed, and had not finished when {error['type']} came out"
    nothing_left(seen, "a failure")

    seen = driver.watch(function, 6, workers=2, breaks_at=4, **catch)
    error = raised(seen, "the iterator raised OSError")
    assert error["type"] == "OSError", f"the iterator raised OSError, but {error['line']} came out"
    nothing_left(seen, "a broken iterator")


def nothing_left(seen, end):
    left = seen["left"]
    assert left == [], (
        f"after {end} {len(left)} threads and processes that it had begun were still alive: {', '.join(left)}"
    )


def shortened(value):
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
