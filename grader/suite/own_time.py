"""The CPU time that a suite itself may spend on one check: an answer can be made so that judging it has no end.

A page that a parser takes quadratic time for would otherwise stop the whole grading. What a suite waits for is not
counted here; the cell's own time has its own limits.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from grader.cell.deaths import CellEnded
from grader.model import Verdict

_AGAIN_S = 1.0  # should the exception have been raised where nobody can see it


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raises ``CellEnded`` in the main thread once this process has used ``seconds`` of CPU time in the block."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise CellEnded(Verdict.TIMEOUT, f"to check what your code answered took more than {seconds:g} s of CPU time")

    previous = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
