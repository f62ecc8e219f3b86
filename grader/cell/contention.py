"""For how long the machine had no processor for a check: its threads were ready to run, and others ran instead.

The kernel counts it for each thread; see ``run_delay`` in Linux' Documentation/scheduler/sched-stats.rst. Where it does
not, nothing is ever counted here.
"""

from __future__ import annotations

import os

from grader.cell import usage


class Contention:
    """Asked now and then about the calling process's main thread and all processes of its cell."""

    def __init__(self) -> None:
        self._own = os.getpid()
        self._seen = {self._own: usage.queued_seconds(self._own, self._own)}

    def since_last(self, pid: int) -> float:
        """Seconds since this was asked last. They are those of this process's thread and of the one thread that waited
        longest of the cell whose main process is ``pid``, if that is not 0: its threads wait side by side.
        """
        cell = [self._new(process, thread) for process in usage.processes(pid) for thread in usage.threads(process)]
        return self._new(self._own, self._own) + max(cell, default=0.0)

    def _new(self, process: int, thread: int) -> float:
        now = usage.queued_seconds(process, thread)
        before = self._seen.get(thread, 0.0)
        self._seen[thread] = now
        return max(0.0, now - before)
