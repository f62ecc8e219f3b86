"""Three rate limiters behind one protocol.

Two ideas carry all three:

* **Time is an integer.** A clock reading becomes a whole number of ticks of 2**-64 s. Every float from 2**-12 s up is
  a whole number of them, so nothing is rounded, ever; a token, in turn, is a whole number of units (see TokenBucket).
* **Memory is two generations.** State that is written goes to the young one. Every period P the old one is dropped as
  a whole and the young one becomes old. What sits in a dropped generation was last written at least P ago, and is
  therefore as good as new. Nobody ever walks over the keys.
"""

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

_TICK_BITS = 64
_TICKS_PER_S = 1 << _TICK_BITS
_SOON = 1e-9  # no promise is shorter than this; the contract allows a millisecond


@dataclass(frozen=True)
class Decision:
    """What a limiter says about one request."""

    allowed: bool
    """True when the request may pass; its cost has been spent then."""

    remaining: int
    """The greatest cost that would still be allowed for this key at this very moment, after this decision."""

    retry_after_s: float
    """0.0 when allowed, else the seconds until the same request would be; math.inf when it never will be."""


class RateLimiter(Protocol):
    """What the three limiters have in common."""

    def allow(self, key: Hashable, cost: int = 1) -> Decision: ...

    def tracked_keys(self) -> int: ...


def _ticks(seconds: float) -> int:
    numerator, denominator = seconds.as_integer_ratio()
    return (numerator << _TICK_BITS) // denominator


def _positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:  # NaN compares false, too
        raise ValueError(f"{name} must be positive and finite, not {value!r}")


def _at_least_one(name: str, value: int) -> None:
    if not value >= 1:
        raise ValueError(f"{name} must be at least 1, not {value!r}")


def _ratio(numerator: int, denominator: int) -> float:
    """Correctly rounded, above 0 and finite."""
    try:
        return max(numerator / denominator, _SOON)
    except OverflowError:
        return 1.7e308


class _Limiter:
    """The lock, the time that never steps back, and the two generations of state."""

    def __init__(self, limit: int, period: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._period = period  # on the axis of _position
        self._clock = clock
        self._lock = Lock()
        self._latest: int | None = None  # the greatest reading, in ticks
        self._turned_at: int | None = None  # when the generations last changed, on the axis of _position
        self._young: dict[Hashable, Any] = {}
        self._old: dict[Hashable, Any] = {}

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        _at_least_one("cost", cost)
        with self._lock:
            ticks = _ticks(self._clock())
            if self._latest is None or ticks > self._latest:
                self._latest = ticks
            now = self._position(self._latest)
            dropped = self._turn(now)
            state = self._young.get(key)
            if state is None:
                state = self._old.get(key)
            state, used = self._used(state, now)
            if used + cost <= self._limit:
                self._old.pop(key, None)
                self._young[key] = self._spend(state, now, cost)
                decision = Decision(True, math.floor(self._limit - used - cost), 0.0)
            else:
                wait = math.inf if cost > self._limit else self._wait(state, now, cost)
                decision = Decision(False, max(0, math.floor(self._limit - used)), wait)
        del dropped  # outside the lock: the keys' own __del__ may do as it likes
        return decision

    def tracked_keys(self) -> int:
        with self._lock:
            return len(self._young) + len(self._old)

    def _turn(self, now: int) -> Any:
        """Change the generations when it is time; what goes is returned, so that it ends outside the lock."""
        if self._turned_at is None:
            self._turned_at = now
        since = now - self._turned_at
        if since < self._period:
            return None
        # Young state was written after the last turn: two periods later it is as good as new, too.
        dropped = (self._old, self._young) if since >= 2 * self._period else self._old
        self._old = {} if since >= 2 * self._period else self._young
        self._young = {}
        self._turned_at = now
        return dropped

    # What the algorithms differ in.

    def _position(self, ticks: int) -> int:
        """The time, on the axis that the algorithm counts on."""
        return ticks

    def _used(self, state: Any, now: int) -> tuple[Any, Any]:
        """The state (None: new key) brought up to date, and how much of the limit is in use."""
        raise NotImplementedError

    def _spend(self, state: Any, now: int, cost: int) -> Any:
        """The state after an allowed request."""
        raise NotImplementedError

    def _wait(self, state: Any, now: int, cost: int) -> float:
        """Seconds until a refused request of this cost, which fits the limit, is allowed."""
        raise NotImplementedError


class TokenBucket(_Limiter):
    """A bucket per key, as GCRA in whole numbers: the state of a key is one int, the moment at which it is full again.

    With rate_per_s = p / q, time runs on an axis of p units per tick, and a token is q * 2**64 units.
    """

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        _positive("rate_per_s", rate_per_s)
        _at_least_one("burst", burst)
        self._units_per_tick, denominator = rate_per_s.as_integer_ratio()
        self._token = denominator << _TICK_BITS
        self._burst = burst
        super().__init__(burst * self._token, burst * self._token, clock)

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Take `cost` tokens from the key's bucket if they are there. ValueError for a cost below 1."""
        _at_least_one("cost", cost)
        decision = super().allow(key, cost * self._token)
        return Decision(decision.allowed, decision.remaining // self._token, decision.retry_after_s)

    def _position(self, ticks: int) -> int:
        return ticks * self._units_per_tick

    def _used(self, state: int | None, now: int) -> tuple[int, int]:
        full_at = now if state is None else max(state, now)
        return full_at, full_at - now

    def _spend(self, state: int, now: int, cost: int) -> int:
        return state + cost

    def _wait(self, state: int, now: int, cost: int) -> float:
        return _ratio(state + cost - self._limit - now, self._units_per_tick << _TICK_BITS)


class _Log:
    """What was allowed, oldest first: when, and the sum of all costs up to and with it. Entries before `head` are over."""

    __slots__ = ("gone", "head", "sums", "times")

    def __init__(self) -> None:
        self.times: list[int] = []
        self.sums: list[int] = []
        self.head = 0
        self.gone = 0  # the sum of the costs that are over

    def used(self) -> int:
        return self.sums[-1] - self.gone if self.sums else 0

    def forget(self, until: int) -> None:
        head = bisect_right(self.times, until, self.head)
        if head == self.head:
            return
        self.gone = self.sums[head - 1]
        self.head = head
        if 2 * head > len(self.times):  # pays for itself: at least half goes
            del self.times[:head]
            del self.sums[:head]
            self.head = 0
            if not self.sums:
                self.gone = 0

    def add(self, now: int, cost: int) -> None:
        total = (self.sums[-1] if self.sums else self.gone) + cost
        if self.times and self.times[-1] == now and self.head < len(self.times):
            self.sums[-1] = total
        else:
            self.times.append(now)
            self.sums.append(total)


class SlidingWindow(_Limiter):
    """For each key at most `limit` in any `window_s`: an exact log of prefix sums, searched by bisection."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        _at_least_one("limit", limit)
        _positive("window_s", window_s)
        self._window = max(1, _ticks(window_s))
        super().__init__(limit, self._window, clock)

    def _used(self, state: _Log | None, now: int) -> tuple[_Log, int]:
        if state is None:
            return _Log(), 0
        state.forget(now - self._window)
        return state, state.used()

    def _spend(self, state: _Log, now: int, cost: int) -> _Log:
        state.add(now, cost)
        return state

    def _wait(self, state: _Log, now: int, cost: int) -> float:
        must_go = state.sums[-1] + cost - self._limit  # once the sum of what is over reaches this, there is room
        last = bisect_left(state.sums, must_go, state.head)
        return _ratio(state.times[last] + self._window - now, _TICKS_PER_S)


class FixedWindow(_Limiter):
    """For each key at most `limit` between two multiples of `window_s` on the clock: (number of the window, used)."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        _at_least_one("limit", limit)
        _positive("window_s", window_s)
        self._window = max(1, _ticks(window_s))
        super().__init__(limit, self._window, clock)

    def _used(self, state: tuple[int, int] | None, now: int) -> tuple[tuple[int, int], int]:
        number = now // self._window
        if state is None or state[0] != number:
            state = (number, 0)
        return state, state[1]

    def _spend(self, state: tuple[int, int], now: int, cost: int) -> tuple[int, int]:
        return state[0], state[1] + cost

    def _wait(self, state: tuple[int, int], now: int, cost: int) -> float:
        return _ratio((state[0] + 1) * self._window - now, _TICKS_PER_S)
