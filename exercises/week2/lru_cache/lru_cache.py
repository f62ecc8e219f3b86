"""LRU cache. The statement is in README.md beside this file."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """A mapping of bounded size that gives up the entry whose last use is longest ago.

    A hit of ``get`` and every ``put`` use an entry; ``in``, ``len``, ``items`` and ``stats`` do not.
    All methods may be called from any number of threads at the same time.
    """

    def __init__(
        self,
        capacity: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_evict: Callable[[K, V], object] | None = None,
    ) -> None:
        """Make an empty cache.

        Args:
            capacity: the most entries it holds, at least 1.
            clock: returns the time in seconds and never goes back.
            on_evict: called with (key, value) of each entry that was pushed out because the cache was full,
                after the new entry is stored, in the thread that called ``put``, with no lock held.

        Raises:
            ValueError: capacity is below 1.
        """
        raise NotImplementedError

    def get(self, key: K, default: V | None = None) -> V | None:
        """Return the key's value and count this as its latest use; return ``default`` if there is no entry.

        Raises:
            TypeError: the key is not hashable.
        """
        raise NotImplementedError

    def put(self, key: K, value: V, ttl_s: float | None = None) -> None:
        """Store the value under the key, or replace the value and the life it had. Counts as its latest use.

        Args:
            key: anything hashable, None included.
            value: anything, None included.
            ttl_s: seconds the entry lives from now on, greater than 0; None means that it never expires.

        Raises:
            ValueError: ttl_s is not greater than 0. Nothing has changed.
            TypeError: the key is not hashable. Nothing has changed.
        """
        raise NotImplementedError

    def items(self) -> list[tuple[K, V]]:
        """Return a new list of (key, value) of all live entries, least recently used first."""
        raise NotImplementedError

    def stats(self) -> dict[str, int]:
        """Return how often things have happened so far: "hits", "misses", "evictions", "expirations"."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Return the number of live entries."""
        raise NotImplementedError

    def __contains__(self, key: object) -> bool:
        """Return whether the key has a live entry."""
        raise NotImplementedError
