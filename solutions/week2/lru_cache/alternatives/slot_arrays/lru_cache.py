"""LRU cache as one would write it in C: parallel arrays of slots, and a heap that knows its positions.

An entry that leaves takes its heap record with it, so nothing stale is ever stored.
"""

from threading import Lock
from time import monotonic

END = 0  # slot 0 is no entry: it ties the list of uses into a ring
EMPTY = object()


class LRUCache:
    def __init__(self, capacity, *, clock=monotonic, on_evict=None):
        if capacity < 1:
            raise ValueError("a cache needs room for one entry")
        self.capacity, self.clock, self.on_evict, self.lock = capacity, clock, on_evict, Lock()
        self.slot_of = {}
        self.keys, self.values, self.older, self.newer = [EMPTY], [EMPTY], [END], [END]
        self.deadlines, self.places = [None], [None]  # places: where a slot stands in the heap
        self.heap, self.free = [], []
        self.hits = self.misses = self.evictions = self.expirations = 0

    def get(self, key, default=None):
        with self.lock:
            self._expire(self.clock())
            slot = self.slot_of.get(key, END)
            if slot == END:
                self.misses += 1
                return default
            self.hits += 1
            self._unlink(slot)
            self._link_newest(slot)
            return self.values[slot]

    def put(self, key, value, ttl_s=None):
        if not (ttl_s is None or ttl_s > 0):
            raise ValueError("ttl_s must be positive")
        evicted = ()
        self.lock.acquire()
        try:
            now = self.clock()
            self._expire(now)
            slot = self.slot_of.get(key, END)
            if slot != END:
                self._unlink(slot)
                self._heap_remove(slot)
            else:
                if len(self.slot_of) == self.capacity:
                    evicted = self._release(self.newer[END])
                    self.evictions += 1
                slot = self._take(key)
            self.values[slot] = value
            self._link_newest(slot)
            if ttl_s is not None:
                self.deadlines[slot] = now + ttl_s
                self.heap.append(slot)
                self._heap_up(len(self.heap) - 1)
        finally:
            self.lock.release()
        if evicted and self.on_evict:
            self.on_evict(*evicted)

    def items(self):
        with self.lock:
            self._expire(self.clock())
            found, slot = [], self.newer[END]
            while slot != END:
                found.append((self.keys[slot], self.values[slot]))
                slot = self.newer[slot]
            return found

    def stats(self):
        with self.lock:
            self._expire(self.clock())
            names = ("hits", "misses", "evictions", "expirations")
            return {name: getattr(self, name) for name in names}

    def __len__(self):
        with self.lock:
            self._expire(self.clock())
            return len(self.slot_of)

    def __contains__(self, key):
        with self.lock:
            self._expire(self.clock())
            return key in self.slot_of

    def _expire(self, now):
        while self.heap and self.deadlines[self.heap[0]] <= now:
            self._release(self.heap[0])
            self.expirations += 1

    def _take(self, key):
        if self.free:
            slot = self.free.pop()
        else:
            slot = len(self.keys)
            for column in (self.keys, self.values, self.older, self.newer, self.deadlines, self.places):
                column.append(None)
        self.keys[slot] = key
        self.slot_of[key] = slot
        return slot

    def _release(self, slot):
        gone = self.keys[slot], self.values[slot]
        del self.slot_of[self.keys[slot]]
        self._unlink(slot)
        self._heap_remove(slot)
        self.keys[slot] = self.values[slot] = EMPTY
        self.free.append(slot)
        return gone

    def _unlink(self, slot):
        self.newer[self.older[slot]], self.older[self.newer[slot]] = self.newer[slot], self.older[slot]

    def _link_newest(self, slot):
        newest = self.older[END]
        self.older[slot], self.newer[slot] = newest, END
        self.newer[newest] = self.older[END] = slot

    def _heap_remove(self, slot):
        place = self.places[slot]
        if place is None:
            return
        last = self.heap.pop()
        if last != slot:
            self.heap[place] = last
            self.places[last] = place
            self._heap_down(place)
            self._heap_up(self.places[last])
        self.places[slot] = self.deadlines[slot] = None

    def _heap_up(self, place):
        slot = self.heap[place]
        while place and self.deadlines[slot] < self.deadlines[self.heap[(place - 1) // 2]]:
            self._set_place(place, self.heap[(place - 1) // 2])
            place = (place - 1) // 2
        self._set_place(place, slot)

    def _heap_down(self, place):
        slot = self.heap[place]
        while (child := 2 * place + 1) < len(self.heap):
            if child + 1 < len(self.heap) and self._sooner(child + 1, child):
                child += 1
            if self.deadlines[slot] <= self.deadlines[self.heap[child]]:
                break
            self._set_place(place, self.heap[child])
            place = child
        self._set_place(place, slot)

    def _sooner(self, place, other):
        return self.deadlines[self.heap[place]] < self.deadlines[self.heap[other]]

    def _set_place(self, place, slot):
        self.heap[place] = slot
        self.places[slot] = place
