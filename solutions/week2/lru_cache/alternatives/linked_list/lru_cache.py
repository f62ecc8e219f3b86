"""LRU cache on a hand-made doubly linked ring: one node per key, changed in place by each put."""

import heapq
import threading
import time


class Node:
    """One entry. ``version`` grows with each put, so that an older record in the heap is known to be void."""

    __slots__ = ("deadline", "key", "newer", "older", "value", "version")

    def __init__(self, key=None):
        self.key = key
        self.value = None
        self.deadline = None
        self.version = 0
        self.older = self.newer = self


class LRUCache:
    def __init__(self, capacity, *, clock=time.monotonic, on_evict=None):
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.clock = clock
        self.on_evict = on_evict
        self.lock = threading.RLock()
        self.nodes = {}
        self.ring = Node()  # ring.newer is the oldest entry, ring.older the newest
        self.alarms = []  # heap of (deadline, number, version, node)
        self.alarms_set = 0
        self.counts = dict.fromkeys(("hits", "misses", "evictions", "expirations"), 0)

    def get(self, key, default=None):
        with self.lock:
            self.sweep()
            node = self.nodes.get(key)
            if node is None:
                self.counts["misses"] += 1
                return default
            self.counts["hits"] += 1
            self.make_newest(node)
            return node.value

    def put(self, key, value, ttl_s=None):
        if ttl_s is not None and ttl_s <= 0:
            raise ValueError("ttl_s must be greater than 0")
        victim = None
        with self.lock:
            now = self.sweep()
            node = self.nodes.get(key)
            if node is None:
                if len(self.nodes) == self.capacity:
                    victim = self.ring.newer
                    self.remove(victim)
                    self.counts["evictions"] += 1
                node = self.nodes[key] = Node(key)
            node.value = value
            node.version += 1
            self.make_newest(node)
            node.deadline = None
            if ttl_s is not None:
                node.deadline = now + ttl_s
                self.set_alarm(node)
        if victim is not None and self.on_evict is not None:
            self.on_evict(victim.key, victim.value)

    def items(self):
        with self.lock:
            self.sweep()
            found = []
            node = self.ring.newer
            while node is not self.ring:
                found.append((node.key, node.value))
                node = node.newer
            return found

    def stats(self):
        with self.lock:
            self.sweep()
            return dict(self.counts)

    def __len__(self):
        with self.lock:
            self.sweep()
            return len(self.nodes)

    def __contains__(self, key):
        with self.lock:
            self.sweep()
            return key in self.nodes

    def make_newest(self, node):
        node.older.newer, node.newer.older = node.newer, node.older
        newest = self.ring.older
        node.older, node.newer = newest, self.ring
        newest.newer = self.ring.older = node

    def remove(self, node):
        del self.nodes[node.key]
        node.older.newer, node.newer.older = node.newer, node.older
        node.version += 1

    def set_alarm(self, node):
        self.alarms_set += 1
        heapq.heappush(self.alarms, (node.deadline, self.alarms_set, node.version, node))
        if len(self.alarms) > 100 + 3 * len(self.nodes):
            self.alarms = [alarm for alarm in self.alarms if alarm[2] == alarm[3].version]
            heapq.heapify(self.alarms)

    def sweep(self):
        now = self.clock()
        while self.alarms and now >= self.alarms[0][0]:
            _, _, version, node = heapq.heappop(self.alarms)
            if version == node.version:
                self.remove(node)
                self.counts["expirations"] += 1
        return now
