"""Watches this process's cells from outside and ends what uses too much as a whole.

rlimits hold for one process and miss shared memory; a cgroup holds for all, but not every machine gives one. So a
thread looks at each cell ten times a second: at the memory and CPU time of all its processes, and at what it has
written where its files lie on a disk that it shares with others.
"""

from __future__ import annotations

import threading

from grader.cell import usage
from grader.cell.process import CellProcess
from grader.model import Verdict

_EVERY_S = 0.1
_MEMORY_SLACK = 32 << 20  # the rlimit, which gives the submission a MemoryError, comes first
DISK_BYTES = 32 << 20


class Watch:
    """A thread that looks after cells while there are any, and waits while there are none."""

    def __init__(self) -> None:
        self._cells: set[CellProcess] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, cell: CellProcess) -> None:
        """Watches a cell from now on."""
        with self._changed:
            self._cells.add(cell)
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="onspot-watch", daemon=True)
            self._thread.start()

    def remove(self, cell: CellProcess) -> None:
        """Forgets a cell; it is not looked at any more when this returns."""
        with self._changed:
            self._cells.discard(cell)

    def rest(self) -> None:
        """Ends the thread, if it has nothing to do, so that this process may fork."""
        thread = self._thread
        if thread is not None and not self._cells:
            self._thread = None
            with self._changed:
                self._changed.notify()
            thread.join()

    def _run(self) -> None:
        own = threading.current_thread()
        with self._changed:
            while self._thread is own:
                for cell in list(self._cells):
                    if cell.excess is None:
                        cell.excess = excess(cell)
                    if cell.excess is not None:
                        cell.kill()
                self._changed.wait(_EVERY_S if self._cells else None)


#: The one of this process.
watch = Watch()


def excess(cell: CellProcess) -> tuple[Verdict, str] | None:
    """What a living cell uses too much of: the verdict, and the message for the learner."""
    pids = usage.processes(cell.pid)
    limit = cell.memory_mb << 20
    if cell.out_of_memory() or usage.memory(pids, limit + _MEMORY_SLACK) > limit + _MEMORY_SLACK:
        return Verdict.MEMORY, f"the process used more than its {cell.memory_mb} MB of memory, and was ended"
    if usage.cpu_seconds(pids) > cell.cpu_s:
        return Verdict.TIMEOUT, f"the process used up its {cell.cpu_s:.3g} s of CPU time"
    if cell.watched_folder and usage.disk(cell.watched_folder, DISK_BYTES) + usage.deleted(pids) > DISK_BYTES:
        return Verdict.OUTPUT, f"the process wrote more than {DISK_BYTES >> 20} MiB to its folder, and was ended"
    return None
