"""Three rate limiters behind one protocol.

All arithmetic on time and tokens is exact (Fractions of the floats that come in).

- TokenBucket is a GCRA: per key one number, the time at which the bucket will be full.
- SlidingWindow keeps running totals, so that a wait is found by bisection.
- FixedWindow keeps the counts of the present window only.

The first two hold their keys in two generations, each at least one period long: a state that was not written in
this generation or the one before is as good as new, and goes with its whole generation.
"""

import math
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, Protocol, TypeVar


@dataclass(frozen=True)
class Decision:
    """What a limiter says about one request."""

    allowed: bool
    remaining: int
    retry_after_s: float


class RateLimiter(Protocol):
    """What the three limiters have in common."""

    def allow(self, key: Hashable, cost: int = 1) -> Decision: ...

    def tracked_keys(self) -> int: ...


State = TypeVar("State")


def _positive(name: str, number: float) -> Fraction:
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{name} must be positive and finite, not {number}")
    return Fraction(number)


def _count(name: str, number: int) -> int:
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number


class _Stopwatch:
    """Time that has passed, as the sum of the clock's steps forward. A step back counts as nothing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: Fraction | None = None
        self._passed = Fraction(0)

    def read(self) -> Fraction:
        reading = Fraction(self._clock())
        if self._last is not None and reading > self._last:
            self._passed += reading - self._last
        self._last = reading
        return self._passed


class _Generations(Generic[State]):
    """States by key, each kept for at least `period` after it was last written and forgotten soon after."""

    def __init__(self, period: Fraction) -> None:
        self._period = period
        self._began = Fraction(0)
        self._young: dict[Hashable, State] = {}
        self._old: dict[Hashable, State] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def advance(self, now: Fraction) -> None:
        if now - self._began >= self._period:
            self._old, self._young, self._began = self._young, {}, now

    def get(self, key: Hashable) -> State | None:
        state = self._young.get(key)
        return self._old.get(key) if state is None else state

    def put(self, key: Hashable, state: State) -> None:
        self._old.pop(key, None)
        self._young[key] = state


class TokenBucket:
    """A bucket per key: starts full, refills evenly, never holds more than `burst` tokens."""

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = _positive("rate_per_s", rate_per_s)
        self._burst = _count("burst", burst)
        self._lock = threading.Lock()
        self._stopwatch = _Stopwatch(clock)
        self._full_at: _Generations[Fraction] = _Generations(self._burst / self._rate)

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Take `cost` tokens from the key's bucket if they are there."""
        _count("cost", cost)
        with self._lock:
            now = self._stopwatch.read()
            self._full_at.advance(now)
            known = self._full_at.get(key)
            full_at = now if known is None else max(known, now)
            tokens = self._burst - (full_at - now) * self._rate
            if cost <= tokens:
                self._full_at.put(key, full_at + cost / self._rate)
                return Decision(True, math.floor(tokens - cost), 0.0)
            wait = (cost - tokens) / self._rate if cost <= self._burst else math.inf
            return Decision(False, math.floor(tokens), float(wait))

    def tracked_keys(self) -> int:
        """The number of keys that state is held for."""
        with self._lock:
            return len(self._full_at)


class _Log:
    """What was allowed for one key, by time, with running totals: costs between two entries are a difference."""

    __slots__ = ("_first", "_let_go", "_times", "_totals")

    def __init__(self) -> None:
        self._times: list[Fraction] = []
        self._totals: list[int] = []  # all that was spent up to and with this entry
        self._first = 0  # entries before this one count no more …
        self._let_go = 0  # … and this is what they cost

    @property
    def spent(self) -> int:
        return self._totals[-1] - self._let_go if self._totals else 0

    def add(self, now: Fraction, cost: int) -> None:
        if self._times and self._times[-1] == now:
            self._totals[-1] += cost
        else:
            self._totals.append(self._let_go + self.spent + cost)
            self._times.append(now)

    def drop_until(self, time: Fraction) -> None:
        """Let go of all that was allowed at `time` or before."""
        first = bisect_right(self._times, time, self._first)
        if first > self._first:
            self._first, self._let_go = first, self._totals[first - 1]
        if self._first * 2 > len(self._times):
            del self._times[: self._first], self._totals[: self._first]
            self._first = 0

    def when_spent(self, cost: int) -> Fraction:
        """The time of the entry with which the oldest ones come to `cost` together."""
        return self._times[bisect_left(self._totals, self._let_go + cost, self._first)]


class SlidingWindow:
    """For each key at most `limit` in any `window_s`, wherever it begins."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = _count("limit", limit)
        self._window_s = _positive("window_s", window_s)
        self._lock = threading.Lock()
        self._stopwatch = _Stopwatch(clock)
        self._logs: _Generations[_Log] = _Generations(self._window_s)

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Spend `cost` if the last `window_s` leave room for it."""
        _count("cost", cost)
        with self._lock:
            now = self._stopwatch.read()
            self._logs.advance(now)
            log = self._logs.get(key) or _Log()
            log.drop_until(now - self._window_s)
            left = self._limit - log.spent
            if cost <= left:
                log.add(now, cost)
                self._logs.put(key, log)
                return Decision(True, left - cost, 0.0)
            if cost > self._limit:
                return Decision(False, left, math.inf)
            wait = log.when_spent(cost - left) + self._window_s - now
            return Decision(False, left, float(wait))

    def tracked_keys(self) -> int:
        """The number of keys that state is held for."""
        with self._lock:
            return len(self._logs)


class FixedWindow:
    """For each key at most `limit` between two multiples of `window_s` on the clock."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = _count("limit", limit)
        self._window_s = _positive("window_s", window_s)
        self._clock = clock
        self._lock = threading.Lock()
        self._window = -1
        self._spent: dict[Hashable, int] = {}  # in the present window

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Spend `cost` if the present window leaves room for it."""
        _count("cost", cost)
        with self._lock:
            now = Fraction(self._clock())
            window = now // self._window_s
            if window > self._window:  # never back into a window that has been left
                self._window, self._spent = window, {}
            spent = self._spent.get(key, 0)
            left = self._limit - spent
            if cost <= left:
                self._spent[key] = spent + cost
                return Decision(True, left - cost, 0.0)
            wait = (self._window + 1) * self._window_s - now if cost <= self._limit else math.inf
            return Decision(False, left, float(wait))

    def tracked_keys(self) -> int:
        """The number of keys that state is held for."""
        with self._lock:
            return len(self._spent)
