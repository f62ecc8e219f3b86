"""An LRU cache with a time to live per key: an ordered dict keeps the order of use, a heap the order of expiry."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Entry(NamedTuple, Generic[V]):
    """What the cache holds for one key. The serial tells two lives of the same key apart."""

    value: V
    deadline: float | None
    serial: int


class LRUCache(Generic[K, V]):
    """At most ``capacity`` entries; the one whose last use is longest ago leaves first. Safe to share between threads.

    ``get``, ``put`` and ``in`` cost O(1), or O(log n) amortised where entries have a time to live.
    """

    def __init__(
        self,
        capacity: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_evict: Callable[[K, V], object] | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self._capacity = capacity
        self._clock = clock
        self._on_evict = on_evict
        self._lock = threading.Lock()
        self._serials = itertools.count()
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()  # least recently used first
        self._deadlines: list[tuple[float, int, K]] = []  # a heap; some records may be of entries that have left
        self._hits = self._misses = self._evictions = self._expirations = 0

    def get(self, key: K, default: V | None = None) -> V | None:
        """The key's value, which counts as a use, or ``default``."""
        with self._lock:
            self._expire()
            entry = self._entries.get(key)
            if entry is None:
                self._misses += 1
                return default
            self._hits += 1
            self._entries.move_to_end(key)
            return entry.value

    def put(self, key: K, value: V, ttl_s: float | None = None) -> None:
        """Store or replace the key's value, for ``ttl_s`` seconds or for good. May evict one entry."""
        if ttl_s is not None and not ttl_s > 0:
            raise ValueError(f"ttl_s must be greater than 0, not {ttl_s}")
        evicted = None
        with self._lock:
            now = self._expire()
            entry = _Entry(value, None if ttl_s is None else now + ttl_s, next(self._serials))
            self._entries[key] = entry  # the first change: an unhashable key has raised by now
            self._entries.move_to_end(key)
            if entry.deadline is not None:
                heapq.heappush(self._deadlines, (entry.deadline, entry.serial, key))
            if len(self._entries) > self._capacity:
                evicted = self._entries.popitem(last=False)
                self._evictions += 1
            self._drop_stale_records()
        if evicted is not None and self._on_evict is not None:  # outside the lock: it may use the cache
            self._on_evict(evicted[0], evicted[1].value)

    def items(self) -> list[tuple[K, V]]:
        """A snapshot, least recently used first."""
        with self._lock:
            self._expire()
            return [(key, entry.value) for key, entry in self._entries.items()]

    def stats(self) -> dict[str, int]:
        """The counts of hits, misses, evictions and expirations up to now."""
        with self._lock:
            self._expire()
            return {
                "hits": self._hits,
                "misses": self._misses,
                "evictions": self._evictions,
                "expirations": self._expirations,
            }

    def __len__(self) -> int:
        with self._lock:
            self._expire()
            return len(self._entries)

    def __contains__(self, key: object) -> bool:
        with self._lock:
            self._expire()
            return key in self._entries

    def _expire(self) -> float:
        """Let go of every entry whose time is over; return the time. The lock is held."""
        now = self._clock()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, serial, key = heapq.heappop(self._deadlines)
            entry = self._entries.get(key)
            if entry is not None and entry.serial == serial:
                del self._entries[key]
                self._expirations += 1
        return now

    def _drop_stale_records(self) -> None:
        """Rebuild the heap once most of it is about entries that were replaced or evicted: O(1) amortised."""
        if len(self._deadlines) > 2 * len(self._entries) + 16:
            self._deadlines = [
                (entry.deadline, entry.serial, key)
                for key, entry in self._entries.items()
                if entry.deadline is not None
            ]
            heapq.heapify(self._deadlines)
