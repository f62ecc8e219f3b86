"""Integer nanoseconds; the bucket is GCRA: one number per key, the time at which the bucket is full again.

Time is the sum of the clock's steps forward, so it goes on after a step back. Idle keys are found by a queue
of (deadline, key): each call looks at the head of the queue, at most two keys at a time.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Hashable
from fractions import Fraction
from threading import RLock
from typing import Any, NamedTuple

NANO = 10**9


class Decision(NamedTuple):
    allowed: bool
    remaining: int
    retry_after_s: float


class SteadyTime:
    """The clock in nanoseconds, with every step back taken out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._reading = self._time = None

    def __call__(self) -> int:
        reading = round(Fraction(self._clock()) * NANO)
        if self._time is None:
            self._time = reading
        else:
            self._time += max(0, reading - self._reading)
        self._reading = reading
        return self._time


class KeyedLimiter:
    """`states` holds whatever the algorithm wrote down; every call moves the key's deadline."""

    def __init__(self, capacity: int, period: int, clock: Callable[[], float]) -> None:
        self.capacity, self.period = capacity, period
        self.now = SteadyTime(clock)
        self.states: dict[Hashable, Any] = {}
        self.last_call: dict[Hashable, int] = {}
        self.queue: deque[tuple[int, Hashable]] = deque()
        self.lock = RLock()

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        if cost <= 0:
            raise ValueError("cost must be positive")
        with self.lock:
            now = self.now()
            self.forget(now)
            if key not in self.last_call:
                self.queue.append((now + self.period, key))
            self.last_call[key] = now
            left, wait = self.decide(key, cost, now)
            if wait == 0:
                return Decision(True, left, 0.0)
            return Decision(False, left, math.inf if cost > self.capacity else wait / NANO)

    def forget(self, now: int) -> None:
        """Drop up to two idle keys; a key that was called meanwhile queues up again."""
        for _ in range(2):
            if not self.queue or self.queue[0][0] > now:
                return
            _, key = self.queue.popleft()
            deadline = self.last_call[key] + self.period
            if deadline <= now:
                del self.last_call[key]
                self.states.pop(key, None)
            else:
                self.queue.append((deadline, key))

    def decide(self, key: Hashable, cost: int, now: int) -> tuple[int, int]:
        """What is left after the decision, and nanoseconds to wait: 0 means that the cost was spent."""
        raise NotImplementedError

    def tracked_keys(self) -> int:
        with self.lock:
            return len(self.last_call)


class TokenBucket(KeyedLimiter):
    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        if not (rate_per_s > 0 and math.isfinite(rate_per_s) and burst >= 1):
            raise ValueError("rate_per_s and burst must be positive")
        self.interval = NANO / Fraction(rate_per_s)  # nanoseconds that make a token, exactly
        super().__init__(burst, math.ceil(burst * self.interval), clock)

    def decide(self, key: Hashable, cost: int, now: int) -> tuple[int, int]:
        full_at = max(self.states.get(key, now), now)
        after = full_at + cost * self.interval
        wait = after - now - self.capacity * self.interval
        if wait <= 0:
            self.states[key] = full_at = after
            wait = 0
        return math.floor(self.capacity - (full_at - now) / self.interval), math.ceil(wait)


class SlidingWindow(KeyedLimiter):
    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(*window_arguments(limit, window_s), clock)

    def decide(self, key: Hashable, cost: int, now: int) -> tuple[int, int]:
        log, spent = self.states.setdefault(key, (deque(), [0]))
        while log and log[0][0] <= now:
            spent[0] -= log.popleft()[1]
        left = self.capacity - spent[0]
        if cost <= left:
            log.append((now + self.period, cost))
            spent[0] += cost
            return left - cost, 0
        for leaves_at, freed in log:
            cost -= freed
            if cost <= left:
                return left, leaves_at - now
        return left, 1  # never fits: the caller says math.inf


class FixedWindow(KeyedLimiter):
    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(*window_arguments(limit, window_s), clock)

    def decide(self, key: Hashable, cost: int, now: int) -> tuple[int, int]:
        window = now // self.period
        spent_in, spent = self.states.get(key, (window, 0))
        if spent_in != window:
            spent = 0
        if spent + cost > self.capacity:
            return self.capacity - spent, (window + 1) * self.period - now
        self.states[key] = (window, spent + cost)
        return self.capacity - spent - cost, 0


def window_arguments(limit: int, window_s: float) -> tuple[int, int]:
    if limit < 1 or not window_s > 0 or math.isinf(window_s):
        raise ValueError("limit and window_s must be positive")
    return limit, round(Fraction(window_s) * NANO)
