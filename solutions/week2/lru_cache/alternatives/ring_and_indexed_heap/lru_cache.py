"""LRU cache on a dict, a ring of nodes in order of use and an indexed heap of deadlines.

Each node knows its neighbours in the ring and its place in the heap, so an entry that leaves is taken out of all
three at once and nothing stale is ever kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Node:
    __slots__ = ("deadline", "key", "newer", "older", "place", "value")
    older: _Node
    newer: _Node

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.value = value
        self.deadline: float = 0
        self.place = -1  # index in the heap of deadlines; -1: not in it
        # older and newer are its neighbours, set while it is in a ring


class _Ring:
    """Nodes from the least to the most recently used, around a root that holds nothing."""

    def __init__(self) -> None:
        self._root = root = _Node(None, None)
        root.older = root.newer = root

    def __iter__(self) -> Iterator[_Node]:
        node = self._root.newer
        while node is not self._root:
            yield node
            node = node.newer

    @property
    def oldest(self) -> _Node:
        return self._root.newer

    def append(self, node: _Node) -> None:
        newest = self._root.older
        node.older, node.newer = newest, self._root
        newest.newer = self._root.older = node

    def remove(self, node: _Node) -> None:
        node.older.newer, node.newer.older = node.newer, node.older
        del node.older, node.newer


class _Deadlines:
    """A binary heap of nodes, soonest deadline on top, from which any node can be removed in O(log n)."""

    def __init__(self) -> None:
        self._heap: list[_Node] = []

    def first_due(self, now: float) -> _Node | None:
        if self._heap and self._heap[0].deadline <= now:
            return self._heap[0]
        return None

    def add(self, node: _Node, deadline: float) -> None:
        node.deadline = deadline
        self._heap.append(node)
        self._rise(node, len(self._heap) - 1)

    def discard(self, node: _Node) -> None:
        place = node.place
        if place < 0:
            return
        node.place = -1
        last = self._heap.pop()
        if last is not node:
            self._rise(last, place)
            self._sink(last, last.place)

    def _rise(self, node: _Node, place: int) -> None:
        heap = self._heap
        while place > 0:
            parent = heap[(place - 1) // 2]
            if parent.deadline <= node.deadline:
                break
            heap[place] = parent
            parent.place, place = place, (place - 1) // 2
        heap[place] = node
        node.place = place

    def _sink(self, node: _Node, place: int) -> None:
        heap, size = self._heap, len(self._heap)
        while (child := 2 * place + 1) < size:
            if child + 1 < size and heap[child + 1].deadline < heap[child].deadline:
                child += 1
            if node.deadline <= heap[child].deadline:
                break
            heap[place] = heap[child]
            heap[place].place, place = place, child
        heap[place] = node
        node.place = place


class LRUCache(Generic[K, V]):
    """A mapping of bounded size that gives up the entry whose last use is longest ago.

    What leaves the cache is let go only after the lock is free (the ``gone`` lists below), so that a value's
    ``__del__`` may use the cache.
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
        self._nodes: dict[K, _Node] = {}
        self._ring = _Ring()
        self._deadlines = _Deadlines()
        self._counts = {"hits": 0, "misses": 0, "evictions": 0, "expirations": 0}

    def get(self, key: K, default: V | None = None) -> V | None:
        """Return the key's value and count this as its latest use, or return ``default``."""
        gone: list[_Node] = []
        with self._lock:
            self._expire(gone)
            node = self._nodes.get(key)
            self._counts["misses" if node is None else "hits"] += 1
            if node is None:
                return default
            self._ring.remove(node)
            self._ring.append(node)
            return node.value

    def put(self, key: K, value: V, ttl_s: float | None = None) -> None:
        """Store the value, for ``ttl_s`` seconds or for good; evict the least recently used entry if need be."""
        if ttl_s is not None and not ttl_s > 0:
            raise ValueError(f"ttl_s must be greater than 0, not {ttl_s}")
        fresh = _Node(key, value)
        gone: list[_Node] = []
        evicted: _Node | None = None
        hash(key)  # TypeError before anything has changed
        with self._lock:
            now = self._expire(gone)
            deadline = None if ttl_s is None else now + ttl_s
            held = self._nodes.get(key)
            if held is not None:
                fresh.key = held.key
                self._remove(held)
                gone.append(held)
            elif len(self._nodes) >= self._capacity:
                evicted = self._ring.oldest
                self._remove(evicted)
                self._counts["evictions"] += 1
            self._nodes[key] = fresh
            self._ring.append(fresh)
            if deadline is not None:
                self._deadlines.add(fresh, deadline)
        if evicted is not None and self._on_evict is not None:
            self._on_evict(evicted.key, evicted.value)

    def items(self) -> list[tuple[K, V]]:
        """Return all live entries, least recently used first."""
        gone: list[_Node] = []
        with self._lock:
            self._expire(gone)
            return [(node.key, node.value) for node in self._ring]

    def stats(self) -> dict[str, int]:
        """Return the counts since the cache was made."""
        gone: list[_Node] = []
        with self._lock:
            self._expire(gone)
            return dict(self._counts)

    def __len__(self) -> int:
        gone: list[_Node] = []
        with self._lock:
            self._expire(gone)
            return len(self._nodes)

    def __contains__(self, key: object) -> bool:
        gone: list[_Node] = []
        with self._lock:
            self._expire(gone)
            return key in self._nodes

    # Called with the lock held.

    def _expire(self, gone: list[_Node]) -> float:
        """Remove what has expired, handing it to the caller; return the time."""
        now = self._clock()
        while (node := self._deadlines.first_due(now)) is not None:
            self._remove(node)
            self._counts["expirations"] += 1
            gone.append(node)
        return now

    def _remove(self, node: _Node) -> None:
        del self._nodes[node.key]
        self._ring.remove(node)
        self._deadlines.discard(node)
