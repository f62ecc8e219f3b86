"""Three rate limiters behind one protocol. The full contract is in README.md."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Decision:
    """What a limiter says about one request (given; any class with these attributes will do)."""

    allowed: bool
    """True when the request may pass; its cost has been spent then."""

    remaining: int
    """The greatest cost that would still be allowed for this key at this very moment, after this decision."""

    retry_after_s: float
    """0.0 when allowed, else the seconds until the same request would be; math.inf when it never will be."""


class RateLimiter(Protocol):
    """What the three limiters have in common (given)."""

    def allow(self, key: Hashable, cost: int = 1) -> Decision: ...

    def tracked_keys(self) -> int: ...


class TokenBucket:
    """A bucket per key: starts full, refills evenly, never holds more than `burst` tokens."""

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Refill `rate_per_s` tokens a second up to `burst`; `clock` gives seconds.

        Raises ValueError unless rate_per_s is positive and finite and burst is at least 1.
        """
        raise NotImplementedError

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Take `cost` tokens from the key's bucket if they are there. ValueError for a cost below 1."""
        raise NotImplementedError

    def tracked_keys(self) -> int:
        """The number of keys that state is held for."""
        raise NotImplementedError


class SlidingWindow:
    """For each key at most `limit` in any `window_s`, wherever it begins."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `limit` in any `window_s` seconds; `clock` gives seconds.

        Raises ValueError unless limit is at least 1 and window_s is positive and finite.
        """
        raise NotImplementedError

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Spend `cost` if the last `window_s` leave room for it. ValueError for a cost below 1."""
        raise NotImplementedError

    def tracked_keys(self) -> int:
        """The number of keys that state is held for."""
        raise NotImplementedError


class FixedWindow:
    """For each key at most `limit` between two multiples of `window_s` on the clock."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `limit` in each window [n * window_s, (n + 1) * window_s); `clock` gives seconds.

        Raises ValueError unless limit is at least 1 and window_s is positive and finite.
        """
        raise NotImplementedError

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        """Spend `cost` if the present window leaves room for it. ValueError for a cost below 1."""
        raise NotImplementedError

    def tracked_keys(self) -> int:
        """The number of keys that state is held for."""
        raise NotImplementedError
