"""Waits of one thread for another, until a moment of virtual time: locks, joins, queues.

``threading`` makes everything else of its locks: with them RLock, Condition, Event, Semaphore, Barrier and
Timer keep virtual time, and so do ``queue.Queue`` and the futures of ``concurrent.futures``.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from grader.cell.inside.timeline import Timeline

_real_lock = [threading.Lock]  # in a list, where nothing looks for names to replace


class Waiters:
    """Threads that wait for something until a moment of ``timeline``."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._rings: list[Callable[[], None]] = []

    def wait(self, seconds: float, attempt: Callable[[], bool] = lambda: False) -> bool:
        """True once ``attempt()`` is, tried at first and at every :meth:`ring`; False after ``seconds``."""
        bell = _real_lock[0]()
        bell.acquire()

        def ring() -> None:
            with contextlib.suppress(RuntimeError):  # it has been rung already
                bell.release()

        self._rings.append(ring)
        try:
            with self._timeline.alarm(seconds, ring) as alarm:
                while not attempt():
                    if alarm.over:
                        return False
                    bell.acquire()
                return True
        finally:
            self._rings.remove(ring)

    def ring(self) -> None:
        """Has every waiting thread try again. Takes no lock: a destructor or a signal handler may call it."""
        for ring in (*self._rings,):
            ring()


def locks(timeline: Timeline) -> type:
    """What stands in for ``threading.Lock``."""

    class lock:  # noqa: N801 - as the type that it stands in for
        """A lock whose ``acquire(timeout=...)`` waits in virtual time."""

        __slots__ = ("__weakref__", "_lock", "_waiters", "locked")

        def __init__(self) -> None:
            self._lock = _real_lock[0]()
            self._waiters = Waiters(timeline)
            self.locked = self._lock.locked

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if timeout <= 0 or not blocking or timeline.detached:
                return self._lock.acquire(blocking, timeout)
            return self._waiters.wait(timeout, lambda: self._lock.acquire(False))

        def release(self) -> None:
            self._lock.release()
            self._waiters.ring()

        def __enter__(self) -> bool:
            return self._lock.acquire()

        def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
            self.release()

        def __repr__(self) -> str:
            state = "locked" if self.locked() else "unlocked"
            return f"<{state} _thread.lock object at {id(self):#x}>"

        def _at_fork_reinit(self) -> None:
            self._lock._at_fork_reinit()  # type: ignore[attr-defined]
            self._waiters = Waiters(timeline)

    return lock


def simple_queues(timeline: Timeline) -> type:
    """What stands in for ``queue.SimpleQueue``."""
    real: Any = queue.SimpleQueue

    class SimpleQueue(real):  # type: ignore[misc]
        """A simple queue whose ``get(timeout=...)`` waits in virtual time."""

        def __init__(self) -> None:
            self._waiters = Waiters(timeline)

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            super().put(item, block, timeout)
            self._waiters.ring()

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if not block or timeout is None or timeout <= 0 or timeline.detached:
                return super().get(block, timeout)
            taken: list[Any] = []

            def attempt() -> bool:
                with contextlib.suppress(queue.Empty):
                    taken.append(real.get(self, False))
                return bool(taken)

            if not self._waiters.wait(timeout, attempt):
                raise queue.Empty
            return taken[0]

    return SimpleQueue


def patch_joining(timeline: Timeline) -> None:
    """Has ``Thread.join(timeout)`` wait in virtual time."""
    waiters = Waiters(timeline)
    thread: Any = threading.Thread
    real_run, real_join = thread._bootstrap_inner, thread.join

    def run(self: threading.Thread) -> None:
        try:
            real_run(self)
        finally:
            self.__dict__["_has_run"] = True
            waiters.ring()

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        if timeout is None or timeout <= 0 or timeline.detached:
            real_join(self, timeout)
            return
        real_join(self, 0)  # raises what a join raises
        if waiters.wait(timeout, lambda: "_has_run" in self.__dict__ or not self.is_alive()):
            real_join(self)  # its last instructions

    thread._bootstrap_inner, thread.join = run, join
