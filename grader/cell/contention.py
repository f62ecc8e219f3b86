"""For how long the machine had no processor for a check: its threads were ready to run, and others ran instead.

The kernel counts it for each thread; see ``run_delay`` in Linux' Documentation/scheduler/sched-stats.rst. Where it does
not, nothing is ever counted here.
"""

from __future__ import annotations

import os
import time

from grader.cell import usage


class Contention:
    """Asked now and then about the calling process's main thread and all processes of its cell."""

    def __init__(self) -> None:
        self._own = os.getpid()
        self._queued = {self._own: usage.queued_seconds(self._own, self._own)}
        self._asked = time.monotonic()
        self._used = 0.0

    def since_last(self, pid: int) -> float:
        """Seconds since this was asked last, of the cell whose main process is ``pid``, or of none if that is 0.

        They are those of this process's thread and of the one thread of the cell that waited longest, since its threads
        wait side by side; but no more than the cell was without a processor altogether: it may well be in its own way.
        """
        pids, own = usage.processes(pid), self._new(self._own, self._own)
        longest = max(
            (self._new(process, thread) for process in pids for thread in usage.threads(process)), default=0.0
        )
        now, used = time.monotonic(), usage.cpu_seconds(pids)
        without = now - self._asked - max(0.0, used - self._used)
        self._asked, self._used = now, used
        return max(0.0, min(own + longest, without))

    def _new(self, process: int, thread: int) -> float:
        now = usage.queued_seconds(process, thread)
        before = self._queued.get(thread, 0.0)
        self._queued[thread] = now
        return max(0.0, now - before)
