"""Reference: a heap of priority, order of arrival and name."""

import asyncio
import heapq
import itertools


class Empty(Exception):
    """There is no job to take."""


class JobQueue:
    def __init__(self):
        self._heap = []
        self._numbers = itertools.count()

    def add(self, name, priority=0):
        heapq.heappush(self._heap, (-priority, next(self._numbers), name))

    def take(self):
        if not self._heap:
            raise Empty("nothing to do")
        return heapq.heappop(self._heap)[2]

    def __len__(self):
        return len(self._heap)

    def drain(self):
        while self._heap:
            yield self.take()

    def run(self, fn):
        return [fn(name) for name in self.drain()]

    async def run_async(self, fn):
        return await asyncio.gather(*[fn(name) for name in self.drain()])


def parse(line):
    name, _, priority = line.partition(":")
    try:
        return name, int(priority)
    except ValueError:
        raise ValueError(f"not a line: {line}") from None
