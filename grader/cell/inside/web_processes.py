"""Child processes that serve: forked, told to stop, and reaped. Linux only, as are cells that may have
children.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import traceback
from collections.abc import Callable

_REPORT = 4_000  # bytes of a traceback


class Child:
    """A forked process; ``stopping`` are the real seconds that it gets to stop."""

    def __init__(self, pid: int, stopping: float) -> None:
        self._pid = pid
        self._stopping = stopping
        self._ended = False

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def stop(self) -> None:
        """Stops it gracefully. Raises ``TimeoutError`` when it had to be killed."""
        self.ask_to_stop()
        if not self._wait():
            self.kill()
            raise TimeoutError(f"the app did not shut down within {self._stopping:g} s")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._wait()

    def _signal(self, number: signal.Signals) -> None:
        if not self._ended:
            os.kill(self._pid, number)

    def _wait(self) -> bool:
        """Whether the process has ended in time."""
        if not self._ended:
            handle = os.pidfd_open(self._pid)
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            if poll.poll(self._stopping * 1000):
                os.waitpid(self._pid, 0)
                self._ended = True
            os.close(handle)
        return self._ended


def fork(number: int, live: Callable[[int, Callable[[], None]], None], descriptor: int, stopping: float) -> Child:
    """A child that does nothing but ``live(descriptor, started)``; returns when it has called ``started()``.

    Raises ``RuntimeError`` with the child's traceback when it ends without.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_child(writing, lambda: live(descriptor, lambda: os.close(writing)))
    os.close(writing)
    child = Child(pid, stopping)
    with os.fdopen(reading, "rb") as report:
        problem = report.read(_REPORT)
    if problem:
        child.kill()
        raise RuntimeError(f"process {number} did not start:\n{problem.decode('utf-8', 'replace')}")
    return child


def _be_child(writing: int, live: Callable[[], None]) -> None:
    """An empty report, which ends when it has started, says that all is well."""
    try:
        live()
    except BaseException:
        with contextlib.suppress(OSError):  # it had started, so nobody reads on
            os.write(writing, traceback.format_exc().encode()[-_REPORT:])
    os._exit(0)
