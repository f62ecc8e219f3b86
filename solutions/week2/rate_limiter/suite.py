"""Hidden suite of week2/rate_limiter.

Times, rates and windows are chosen so that no decision hangs on rounding. Where an edge is asked for, they
are dyadic (exact in floats, fractions and integer nanoseconds); elsewhere edges are never met, or either
answer is accepted.
"""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check, fields, raises

each_kind = pytest.mark.parametrize("kind", ["TokenBucket", "SlidingWindow", "FixedWindow"])
starts = st.sampled_from([0.0, 1000.0, 2.0**30])


def build(subject, kind, limit, period_s, clock):
    """A limiter whose whole allowance of `limit` is back after `period_s`."""
    if kind == "TokenBucket":
        return subject.TokenBucket(limit / period_s, limit, clock)
    return getattr(subject, kind)(limit, period_s, clock)


def ask(limiter, key="ann", cost=1):
    decision = limiter.allow(key) if cost == 1 else limiter.allow(key, cost)
    return fields(decision, "allowed", "remaining", "retry_after_s")


def allowed(limiter, key="ann", cost=1):
    return ask(limiter, key, cost)[0]


def judge(passed, fits, story):
    assert fits or not passed, f"{story} was allowed"
    assert passed or not fits, f"{story} was refused"


@check(
    "a bucket lets a burst through, then a steady rate",
    points=8,
    stage="core",
    hint="A bucket starts full, gains a part of a token in a part of a second, and never overflows.",
)
def test_burst_then_steady(subject, manual_clock):
    bucket = subject.TokenBucket(rate_per_s=2.0, burst=5, clock=manual_clock)
    assert [allowed(bucket) for _ in range(6)] == [True] * 5 + [False]
    for _ in range(6):
        manual_clock.advance(0.25)
        judge(allowed(bucket), False, "half a token was there, and a request")
        manual_clock.advance(0.25)
        judge(allowed(bucket), True, "0.5 s at 2 tokens a second had made a token, and a request")
    manual_clock.advance(1.5)
    judge(allowed(bucket), True, "three tokens were there, and a request")
    for silence_s in (2.0, 4096.0):
        manual_clock.advance(silence_s)
        burst = [allowed(bucket) for _ in range(6)]
        assert burst == [True] * 5 + [False], f"burst is 5, and the full bucket let {sum(burst)} of 6 through"


@check(
    "a bucket lets through what its rate allows, no more and no less",
    points=10,
    stage="core",
    hint="tokens = min(burst, tokens + elapsed * rate_per_s), fractions and all, before each decision.",
)
@given(rate=st.floats(0.1, 50.0), burst=st.integers(1, 6), start=st.sampled_from([0.0, 1000.0]), data=st.data())
def test_bucket_rate(subject, manual_clock, rate, burst, start, data):
    gaps = st.floats(0.0, 2.5) | st.sampled_from([0.0, 0.99, 1.01])  # in tokens
    arrival = st.tuples(gaps, st.integers(1, burst))
    manual_clock.set(start)
    bucket = subject.TokenBucket(rate, burst, manual_clock)
    now, tokens = start, float(burst)
    for gap, cost in data.draw(st.lists(arrival, min_size=1, max_size=25)):
        later = now + gap / rate
        now, tokens = later, min(burst, tokens + (later - now) * rate)
        manual_clock.set(now)
        passed = allowed(bucket, "ann", cost)
        if abs(tokens - cost) > 1e-3:  # nearer than that, either decision is right
            judge(passed, tokens > cost, f"{tokens:.4f} tokens were there at {now!r}; a request of cost {cost}")
        tokens -= cost if passed else 0


@check(
    "no window of a sliding window holds more than the limit, wherever it begins",
    points=10,
    stage="core",
    hint="Keep the time and the cost of each allowed request for window_s; a counter is not enough.",
)
@given(window_s=st.sampled_from([0.7, 1.7, 3.3, 10.1]), limit=st.integers(1, 6), start=starts, data=st.data())
def test_sliding_limit(subject, manual_clock, window_s, limit, start, data):
    steps = st.integers(0, int(window_s * 48))  # in 1/64 s, which never add up to one of these windows
    manual_clock.set(start)
    window = subject.SlidingWindow(limit, window_s, manual_clock)
    now, log = start, []
    for step, cost in data.draw(st.lists(st.tuples(steps, st.integers(1, limit)), min_size=1, max_size=25)):
        now += step / 64
        manual_clock.set(now)
        passed = allowed(window, "ann", cost)
        spent = sum(earlier for at, earlier in log if now - at < window_s)
        story = f"{spent} of {limit} were spent in the {window_s} s up to {now!r}; a request of cost {cost}"
        judge(passed, spent + cost <= limit, story)
        if passed:
            log.append((now, cost))


@check(
    "a sliding window lets go of each request on time",
    points=6,
    stage="core",
    hint="What was allowed at t counts in [t, t + window_s): at t + window_s it counts no more.",
)
def test_sliding_edge(subject, manual_clock):
    window = subject.SlidingWindow(limit=2, window_s=8.0, clock=manual_clock)
    moments = [1000.0, 1002.0, 1007.984375, 1008.0, 1008.0, 1009.984375, 1010.0, 1015.984375, 1016.0]
    expected = [True, True, False, True, False, False, True, False, True]
    for number, (now, fits) in enumerate(zip(moments, expected, strict=True)):
        manual_clock.set(now)
        judge(allowed(window), fits, f"2 in 8 s may pass; after requests at {moments[:number]}, one at {now!r}")


@check(
    "a fixed window starts afresh at each multiple of its length",
    points=8,
    stage="core",
    hint="The window's number is now // window_s; it has nothing to do with the first request.",
)
@given(window_s=st.sampled_from([1.0, 7.0, 60.0, 0.5]), limit=st.integers(1, 5), start=starts, data=st.data())
def test_fixed_windows(subject, manual_clock, window_s, limit, start, data):
    steps = st.sampled_from([0, 1, 3, 8, 13, 16, 40])  # in sixteenths of a window
    now, spent = start + window_s / 4, 0
    manual_clock.set(now)
    window = subject.FixedWindow(limit=limit, window_s=window_s, clock=manual_clock)
    for step in [0, *data.draw(st.lists(steps, min_size=1, max_size=16)), 13]:
        later = now + step * window_s / 16
        spent = spent if later // window_s == now // window_s else 0
        now = later
        manual_clock.set(now)
        for _ in range(2):
            first = now // window_s * window_s
            story = f"{spent} of {limit} were spent in [{first!r}, {first + window_s!r}); a request at {now!r}"
            passed = allowed(window)
            judge(passed, spent < limit, story)
            spent += passed


@check(
    "waiting retry_after_s is enough, and a hair less is not",
    points=10,
    stage="core",
    hint="How long until this cost fits? A sliding window may have to let several old requests go first.",
)
@each_kind
@settings(max_examples=50)
@given(
    period_s=st.sampled_from([1.7, 3.3, 7.0, 10.1]),
    limit=st.integers(1, 5),
    arrivals=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5)), max_size=8),
    cost=st.integers(1, 5),
)
@example(period_s=7.0, limit=2, arrivals=[(0, 1), (32, 1)], cost=2)
@example(period_s=10.1, limit=4, arrivals=[(0, 1), (16, 1), (16, 1), (16, 1)], cost=3)
def test_retry_after(subject, manual_clock, kind, period_s, limit, arrivals, cost):
    cost = min(cost, limit)
    period_s = 7.0 if kind == "FixedWindow" else period_s
    now = 1000.0
    manual_clock.set(now)
    limiter = build(subject, kind, limit, period_s, manual_clock)
    for step, earlier in arrivals:
        now += step / 64
        manual_clock.set(now)
        limiter.allow("ann", cost=min(earlier, limit))
    passed, _, wait_s = [ask(limiter, "ann", cost) for _ in range(limit + 1)][-1]
    judge(passed, False, f"the limit is {limit}, and the last of {limit + 1} requests in one moment")
    assert 0 < wait_s <= period_s + 1e-6, f"retry_after_s was {wait_s!r}, everything is back after {period_s} s"
    told = f"retry_after_s was {wait_s!r} at {now!r}, and the same request"
    if wait_s > 1e-3:
        manual_clock.set(now + wait_s - 1e-3)
        judge(allowed(limiter, "ann", cost), False, f"{told}, 1 ms earlier than that,")
    manual_clock.set(now + wait_s + 1e-6)
    judge(allowed(limiter, "ann", cost), True, f"{told}, that much and a microsecond later,")


@check(
    "a decision says what is left",
    points=4,
    stage="core",
    hint="remaining is a whole number: the greatest cost that would still pass, after this decision.",
)
@each_kind
def test_decision(subject, manual_clock, kind):
    limiter = build(subject, kind, 4, 8.0, manual_clock)
    decisions = [ask(limiter, "ann", cost) for cost in (1, 2, 2, 1, 1)]
    assert [decision[:2] for decision in decisions] == [
        (True, 3),
        (True, 1),
        (False, 1),
        (True, 0),
        (False, 0),
    ]
    waits = [wait_s for _, _, wait_s in decisions]
    assert waits[0] == waits[1] == waits[3] == 0.0, f"allowed requests had a retry_after_s: {waits}"
    assert min(waits[2], waits[4]) > 0, f"refused requests had no retry_after_s: {waits}"
    for passed, remaining, wait_s in decisions:
        assert type(passed) is bool, f"allowed must be True or False, and was {passed!r}"
        assert type(remaining) is int, f"remaining must be an int, and was {remaining!r}"
        assert type(wait_s) in (float, int), f"retry_after_s must be a float, and was {wait_s!r}"
    if kind == "TokenBucket":
        manual_clock.advance(3.0)
        remaining = ask(limiter, "ann", 2)[1]
        assert remaining == 1, f"1.5 tokens were there after a refusal, remaining was {remaining!r}"


@check(
    "each key has its own allowance",
    points=4,
    stage="core",
    hint="State belongs to a key, and the key is used as it is: 1 and '1' differ.",
)
@each_kind
@settings(max_examples=20)
@given(keys=st.lists(st.sampled_from(["ann", "bob", "", 0, 1, "1", ("ann", 1)]), max_size=12))
def test_keys_are_apart(subject, manual_clock, kind, keys):
    limiter = build(subject, kind, 2, 8.0, manual_clock)
    spent = {}
    for key in ["ann", "ann", "ann", 1, "1", *keys]:
        passed = allowed(limiter, key)
        before = spent.setdefault(key, 0)
        judge(passed, before < 2, f"{before} of 2 were spent for the key {key!r}, and its next request")
        spent[key] += passed


@check(
    "a refused request consumes nothing",
    points=6,
    stage="robust",
    hint="Decide first and spend after; a refusal leaves no trace in the log either.",
)
@each_kind
def test_refusals_are_free(subject, manual_clock, kind):
    limiter = build(subject, kind, 4, 8.0, manual_clock)
    judge(allowed(limiter, "ann", 3), True, "4 were left, and a request of cost 3")
    for _ in range(5):
        judge(allowed(limiter, "ann", 2), False, "1 was left, and a request of cost 2")
    judge(allowed(limiter), True, "1 was left, requests of cost 2 had been refused, and then one of cost 1")
    for quarter in range(1, 32):
        manual_clock.advance(0.25)
        judge(allowed(limiter, "ann", 4), False, f"{quarter / 4} s after all 4 were spent, a request of cost 4")
    manual_clock.advance(0.5)
    judge(allowed(limiter, "ann", 4), True, "a client had asked in vain for 8 s, and then a request of cost 4")


@check(
    "a cost above the limit is refused for ever, and says so",
    points=5,
    stage="robust",
    hint="retry_after_s is math.inf, remaining is what is left, and nothing is raised.",
)
@each_kind
def test_cost_above_limit(subject, manual_clock, kind):
    limiter = build(subject, kind, 4, 8.0, manual_clock)
    assert ask(limiter, "ann", 5) == (False, 4, math.inf)
    judge(
        allowed(limiter, "ann", 3),
        True,
        "4 were left, one of cost 5 had been refused, and a request of cost 3",
    )
    assert ask(limiter, "ann", 5) == (False, 1, math.inf)
    manual_clock.advance(65536.0)
    assert ask(limiter, "ann", 100) == (False, 4, math.inf)
    judge(allowed(limiter, "ann", 4), True, "4 were left, and a request of cost 4")
    assert ask(limiter, "ann", 5) == (False, 0, math.inf)


@check(
    "a clock that steps back gives nothing and takes nothing",
    points=6,
    stage="robust",
    hint="Remember the greatest reading. What becomes of the tokens when elapsed is negative?",
)
@each_kind
@settings(max_examples=20)  # all there are
@given(back_s=st.sampled_from([0.25, 3.0, 9.0, 100.0, 1000.0]), before=st.integers(1, 4))
def test_clock_steps_back(subject, manual_clock, kind, back_s, before):
    manual_clock.set(1000.0)
    limiter = build(subject, kind, 4, 8.0, manual_clock)
    for _ in range(before):
        judge(allowed(limiter), True, f"4 were left, and one of {before} requests")
    manual_clock.set(1000.0 - back_s)
    stepped = f"{4 - before} of 4 were left, the clock went back {back_s} s"
    for left in range(4 - before, -1, -1):
        passed, _, wait_s = ask(limiter)
        judge(passed, left > 0, f"{stepped}, and then a request that should have found {left}")
    assert 0 < wait_s < math.inf, f"{stepped}, and then retry_after_s was {wait_s!r}"
    for _ in range(7):
        manual_clock.advance(0.25)
        judge(allowed(limiter), False, f"{stepped}, then on by less than the 2 s of one more; a fifth request")
    manual_clock.set(1008.5)
    judge(allowed(limiter, "ann", 4), True, f"{stepped}, then on to 8.5 s past its start; a request of cost 4")


@check(
    "senseless arguments raise ValueError",
    points=4,
    stage="robust",
    hint="NaN is neither below nor above 0. A request that raises consumes nothing.",
)
@each_kind
def test_arguments(subject, manual_clock, kind):
    make = getattr(subject, kind)
    good = {"rate_per_s": 0.5, "burst": 4} if kind == "TokenBucket" else {"limit": 4, "window_s": 8.0}
    for name in good:
        nonsense = [0, -1] if name in ("burst", "limit") else [0, 0.0, -1.0, math.inf, -math.inf, math.nan]
        for value in nonsense:
            with raises(ValueError):
                make(**(good | {name: value}), clock=manual_clock)
    limiter = make(**good, clock=manual_clock)
    for cost in (0, -1, -100):
        with raises(ValueError):
            limiter.allow("ann", cost)
    count = sum([allowed(limiter) for _ in range(6)])
    assert count == 4, f"4 were left, costs of 0, -1 and -100 raised ValueError, and then {count} of 6 were allowed"


@check(
    "thousands of small steps of time lose nothing and add nothing",
    points=4,
    stage="robust",
    hint="Which part of a token is dropped at each call? Rounding each time adds up.",
)
def test_small_steps(subject, driver, manual_clock, rng):
    for _ in range(4):
        rate, burst = rng.uniform(2.0, 4.5), rng.randint(2, 4)
        bucket = subject.TokenBucket(rate, burst, manual_clock)
        count, elapsed_s = driver.poll(bucket, manual_clock, 8000, 0.001, rng.randrange(2**32))
        earned = burst + rate * elapsed_s
        story = f"a bucket with rate_per_s={rate!r}, burst={burst} was asked 8000 times in {elapsed_s:.3f} s"
        assert earned - 1.01 <= count <= earned + 0.01, f"{story}: {count} were allowed, {earned:.2f} tokens were made"


@check(
    "eight threads get the limit between them",
    points=6,
    stage="production",
    hint="One lock from looking to spending; the first use of a key is a place for a race too.",
)
@each_kind
def test_threads(subject, driver, manual_clock, kind):
    limiter = build(subject, kind, 4, 8.0, manual_clock)
    for number in range(16):  # a race that is lost for every third new key is lost for one of 16
        seen = driver.hammer(limiter, f"key {number}", 8, 1)
        assert seen["errors"] == [], f"a thread got {seen['errors'][0]}"
        count = len(seen["remaining"])
        assert count == 4, f"8 threads asked 8 times for a limit of 4, and {count} were allowed"
        left = seen["remaining"]
        assert len(set(left)) == 4, f"4 were allowed one after another, and two found the same remaining: {left}"


@check(
    "idle keys are forgotten, spent ones are not",
    points=5,
    stage="production",
    hint="A key without calls for a period is as good as new, any other is not. allow() itself tidies up.",
)
@each_kind
def test_idle_keys(subject, driver, manual_clock, kind):
    limiter = build(subject, kind, 4, 8.0, manual_clock)
    assert limiter.tracked_keys() == 0
    seen = driver.come_and_go(limiter, manual_clock, 2000, 32.0)
    assert seen["tracked at first"] == 2000
    story = "2000 keys were idle for three periods while 5000 calls came for 10 others"
    assert seen["tracked"] <= 110, f"{story}, and tracked_keys() was {seen['tracked']}"
    assert seen["held"] <= 100, f"{story}, and {seen['held']} of the 2000 were still held in memory"
    manual_clock.set(2000.0)
    judge(allowed(limiter, "ann", 4), True, "4 were left, and a request of cost 4")
    for step_s in (0.0, 1.75):
        manual_clock.advance(step_s)
        driver.ask(limiter, 3000, 3000)
        judge(allowed(limiter), False, "ann had spent all, 3000 other keys came, and her next request")


@check(
    "a call costs the same with many keys, a long log or a great cost",
    points=4,
    stage="production",
    hint="Look neither at all keys nor at the whole log at each call. One request is one entry.",
)
@each_kind
def test_cost_of_a_call(subject, driver, manual_clock, cell, kind):
    for what, few, many in (("keys", 50, 3000), ("requests of one key in the window", 50, 4000)):
        seconds = []
        for size in (few, many):
            limit, keys = (2**20, size) if what == "keys" else (size, 1)
            limiter = build(subject, kind, limit, 2.0**20, manual_clock)
            assert driver.ask(limiter, keys, size) == size
            seconds.append(cell.cpu(driver.ask, limiter, keys, 1000, repeat=2))
        small, large = seconds
        story = f"1000 calls took {small:.3f} s of CPU with {few} {what} and {large:.3f} s with {many}"
        assert large < 5 * small + 0.025, story
    heavy = build(subject, kind, 10**12, 2.0**20, manual_clock)
    assert [allowed(heavy, "ann", 4 * 10**11) for _ in range(3)] == [True, True, False]
