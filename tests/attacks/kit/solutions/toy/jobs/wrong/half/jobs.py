"""Half right: ties come in reverse, emptiness is not refused by name, bad lines pass."""

import asyncio


class JobQueue:
    def __init__(self):
        self._jobs = []

    def add(self, name, priority=0):
        self._jobs.append((priority, len(self._jobs), name))

    def take(self):
        job = max(self._jobs)
        self._jobs.remove(job)
        return job[2]

    def __len__(self):
        return len(self._jobs)

    def drain(self):
        while self._jobs:
            yield self.take()

    def run(self, fn):
        return [fn(name) for name in self.drain()]

    async def run_async(self, fn):
        return await asyncio.gather(*[fn(name) for name in self.drain()])


def parse(line):
    name, _, priority = line.partition(":")
    return name, int(priority) if priority.lstrip("-").isdigit() else 0
