"""Three rate limiters behind one protocol: token bucket, sliding window, fixed window.

Every key has a small allowance that knows what is left, how to spend it and how long to wait for more. The
limiter around the allowances owns what all three kinds share: the lock, a time that never runs backwards, and
the forgetting of idle keys.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Decision:
    """What a limiter says about one request."""

    allowed: bool
    remaining: int
    retry_after_s: float


class RateLimiter(Protocol):
    """What the three limiters have in common."""

    def allow(self, key: Hashable, cost: int = 1) -> Decision: ...

    def tracked_keys(self) -> int: ...


class Allowance(Protocol):
    """What one key may spend. `advance` brings it up to date; the other methods speak of that moment."""

    def advance(self, now: float) -> None: ...

    def left(self) -> int: ...

    def spend(self, cost: int) -> None: ...

    def wait_s(self, cost: int, /) -> float:
        """Seconds until `cost` can be spent. Asked only for a cost that will fit one day, but not now."""
        ...


class Bucket:
    """Tokens that trickle in at a steady rate until the bucket is full."""

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._tokens = 0.0
        self._now = -math.inf  # nobody has looked for ever, so the first look finds it full

    def advance(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._now) * self._rate_per_s)
        self._now = now

    def left(self) -> int:
        return math.floor(self._tokens)

    def spend(self, cost: int) -> None:
        self._tokens -= cost

    def wait_s(self, cost: int, /) -> float:
        return (cost - self._tokens) / self._rate_per_s


class Log:
    """What was spent within the last window, oldest first: one entry a request, whatever its cost."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._entries: deque[tuple[float, int]] = deque()
        self._spent = 0
        self._now = -math.inf

    def advance(self, now: float) -> None:
        self._now = now
        while self._entries and self._entries[0][0] + self._window_s <= now:
            self._spent -= self._entries.popleft()[1]

    def left(self) -> int:
        return self._limit - self._spent

    def spend(self, cost: int) -> None:
        self._entries.append((self._now, cost))
        self._spent += cost

    def wait_s(self, cost: int, /) -> float:
        missing = cost - self.left()
        for spent_at, spent in self._entries:
            missing -= spent
            if missing <= 0:
                return spent_at + self._window_s - self._now
        raise AssertionError("an empty log has room for the limit")


class Counter:
    """What was spent since the last multiple of the window."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._spent = 0
        self._window = -math.inf
        self._now = -math.inf

    def advance(self, now: float) -> None:
        self._now = now
        window = now // self._window_s
        if window != self._window:
            self._window, self._spent = window, 0

    def left(self) -> int:
        return self._limit - self._spent

    def spend(self, cost: int) -> None:
        self._spent += cost

    def wait_s(self, _cost: int, /) -> float:
        return self._window_s - self._now % self._window_s


class Limiter:
    """Keys and their allowances.

    An allowance that nobody has touched for `period_s` is as good as new, so it can be forgotten. Two
    generations do that at no cost worth naming: a key moves to the young one when it is used, and once a
    period the old one is dropped whole and the young one becomes old.
    """

    def __init__(
        self,
        new_allowance: Callable[[], Allowance],
        capacity: int,
        period_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._new_allowance = new_allowance
        self._capacity = capacity
        self._period_s = period_s
        self._clock = clock
        self._lock = threading.Lock()
        self._latest = -math.inf
        self._young: dict[Hashable, Allowance] = {}
        self._old: dict[Hashable, Allowance] = {}
        self._next_generation_at = -math.inf

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        with self._lock:
            reading = self._clock()
            self._latest = now = max(self._latest, reading)
            allowance = self._allowance(key, now)
            allowance.advance(now)
            left = allowance.left()
            if cost <= left:
                allowance.spend(cost)
                return Decision(True, left - cost, 0.0)
            if cost > self._capacity:
                return Decision(False, left, math.inf)
            behind_s = now - reading
            return Decision(False, left, behind_s + allowance.wait_s(cost))

    def tracked_keys(self) -> int:
        with self._lock:
            return len(self._young) + len(self._old)

    def _allowance(self, key: Hashable, now: float) -> Allowance:
        if now >= self._next_generation_at:
            everyone_idle = now >= self._next_generation_at + self._period_s
            self._old = {} if everyone_idle else self._young
            self._young = {}
            self._next_generation_at = now + self._period_s
        allowance = self._young.get(key)
        if allowance is None:
            allowance = self._old.pop(key, None) or self._new_allowance()
            self._young[key] = allowance
        return allowance


class TokenBucket(Limiter):
    """Lets `burst` through at once, then `rate_per_s`."""

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        require_positive("rate_per_s", rate_per_s)
        require_at_least_one("burst", burst)
        super().__init__(partial(Bucket, rate_per_s, burst), burst, burst / rate_per_s, clock)


class SlidingWindow(Limiter):
    """Lets at most `limit` through in any `window_s`."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        require_at_least_one("limit", limit)
        require_positive("window_s", window_s)
        super().__init__(partial(Log, limit, window_s), limit, window_s, clock)


class FixedWindow(Limiter):
    """Lets at most `limit` through between two multiples of `window_s`."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        require_at_least_one("limit", limit)
        require_positive("window_s", window_s)
        super().__init__(partial(Counter, limit, window_s), limit, window_s, clock)


def require_positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:  # written so that NaN is refused too
        raise ValueError(f"{name} must be positive and finite, not {value!r}")


def require_at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value!r}")
