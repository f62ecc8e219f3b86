"""LRU cache without a linked order: each use gets a number; a queue of (number, key) is cleaned as it is read.

Keys with a life are kept in buckets by deadline, and a heap orders the deadlines, never the keys.
"""

import functools
import heapq
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any


@dataclass
class Held:
    value: Any
    use: int
    deadline: float | None


def synchronized(method):
    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        with self._guard:
            self._now = self._clock()
            self._let_go()
            return method(self, *args, **kwargs)

    return guarded


class LRUCache:
    def __init__(self, capacity, *, clock=time.monotonic, on_evict=None):
        if capacity <= 0:
            raise ValueError(f"{capacity} entries are too few")
        self._capacity, self._clock, self._on_evict = capacity, clock, on_evict
        self._guard = threading.Condition()
        self._now = 0.0
        self._held: dict[Any, Held] = {}
        self._uses: deque[tuple[int, Any]] = deque()
        self._last_use = 0
        self._buckets: dict[float, set] = {}
        self._deadlines: list[float] = []
        self._seen: Counter[str] = Counter()

    @synchronized
    def get(self, key, default=None):
        if key not in self._held:
            self._seen["misses"] += 1
            return default
        self._seen["hits"] += 1
        self._use(key)
        return self._held[key].value

    def put(self, key, value, ttl_s=None):
        if ttl_s is not None and not ttl_s > 0:
            raise ValueError("a life must be longer than 0 seconds")
        for old_key, old_value in self._store(key, value, ttl_s):
            if self._on_evict is not None:
                self._on_evict(old_key, old_value)

    @synchronized
    def items(self):
        in_order = sorted(self._held.items(), key=lambda pair: pair[1].use)
        return [(key, held.value) for key, held in in_order]

    @synchronized
    def stats(self):
        return {name: self._seen[name] for name in ("hits", "misses", "evictions", "expirations")}

    @synchronized
    def __len__(self):
        return len(self._held)

    @synchronized
    def __contains__(self, key):
        return key in self._held

    @synchronized
    def _store(self, key, value, ttl_s):
        evicted = []
        if key in self._held:
            self._forget(key)
        elif len(self._held) >= self._capacity:
            oldest = self._least_recently_used()
            evicted.append((oldest, self._forget(oldest)))
            self._seen["evictions"] += 1
        self._held[key] = Held(value, 0, None if ttl_s is None else self._now + ttl_s)
        self._use(key)
        self._remember_deadline(key)
        return evicted

    def _use(self, key):
        self._last_use += 1
        self._held[key].use = self._last_use
        self._uses.append((self._last_use, key))
        if len(self._uses) > 4 * len(self._held) + 32:
            self._uses = deque(pair for pair in self._uses if self._is_last_use(*pair))

    def _is_last_use(self, use, key):
        return key in self._held and self._held[key].use == use

    def _least_recently_used(self):
        while not self._is_last_use(*self._uses[0]):
            self._uses.popleft()
        return self._uses.popleft()[1]

    def _forget(self, key):
        held = self._held.pop(key)
        if held.deadline is not None:
            bucket = self._buckets[held.deadline]
            bucket.discard(key)
            if not bucket:
                del self._buckets[held.deadline]
        return held.value

    def _remember_deadline(self, key):
        deadline = self._held[key].deadline
        if deadline is None:
            return
        if deadline not in self._buckets:
            self._buckets[deadline] = set()
            heapq.heappush(self._deadlines, deadline)
            if len(self._deadlines) > 2 * len(self._buckets) + 10:
                self._deadlines = sorted(self._buckets)
        self._buckets[deadline].add(key)

    def _let_go(self):
        while self._deadlines and self._deadlines[0] <= self._now:
            for key in list(self._buckets.get(heapq.heappop(self._deadlines), ())):
                self._forget(key)
                self._seen["expirations"] += 1
