"""Wrong: the counts are changed after the lock was released."""

import heapq
import itertools
import threading
import time
from collections import OrderedDict


class LRUCache:
    def __init__(self, capacity, *, clock=time.monotonic, on_evict=None):
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.clock = clock
        self.on_evict = on_evict
        self.lock = threading.Lock()
        self.entries = OrderedDict()  # key -> (value, deadline, number), oldest use first
        self.deadlines = []  # heap of (deadline, number, key)
        self.numbers = itertools.count()
        self.hits = self.misses = self.evictions = self.expirations = 0

    def get(self, key, default=None):
        with self.lock:
            self.expire()
            if key not in self.entries:
                self.misses += 1
                return default
            self.entries.move_to_end(key)
            value = self.entries[key][0]
        self.hits += 1
        return value

    def put(self, key, value, ttl_s=None):
        if ttl_s is not None and ttl_s <= 0:
            raise ValueError("ttl_s must be greater than 0")
        evicted = None
        with self.lock:
            now = self.expire()
            if key not in self.entries and len(self.entries) >= self.capacity:
                evicted = self.entries.popitem(last=False)
                self.evictions += 1
            deadline = None if ttl_s is None else now + ttl_s
            number = next(self.numbers)
            self.entries[key] = (value, deadline, number)
            self.entries.move_to_end(key)
            if deadline is not None:
                heapq.heappush(self.deadlines, (deadline, number, key))
            self.tidy()
        if evicted is not None and self.on_evict is not None:
            self.on_evict(evicted[0], evicted[1][0])

    def items(self):
        with self.lock:
            self.expire()
            return [(key, value) for key, (value, _, _) in self.entries.items()]

    def stats(self):
        with self.lock:
            self.expire()
            return {
                "hits": self.hits,
                "misses": self.misses,
                "evictions": self.evictions,
                "expirations": self.expirations,
            }

    def __len__(self):
        with self.lock:
            self.expire()
            return len(self.entries)

    def __contains__(self, key):
        with self.lock:
            self.expire()
            return key in self.entries

    def expire(self):
        now = self.clock()
        while self.deadlines and self.deadlines[0][0] <= now:
            _, number, key = heapq.heappop(self.deadlines)
            if key in self.entries and self.entries[key][2] == number:
                del self.entries[key]
                self.expirations += 1
        return now

    def tidy(self):
        if len(self.deadlines) > 2 * self.capacity + 10:
            self.deadlines = [
                (deadline, number, key)
                for key, (_, deadline, number) in self.entries.items()
                if deadline is not None
            ]
            heapq.heapify(self.deadlines)
