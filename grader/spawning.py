"""Work beside that of this process, which forks: no thread of it may start programs meanwhile, since what is forked at
that moment would keep the ends of their pipes open, and nobody would see their end.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def spawned(processes: int) -> ProcessPoolExecutor:
    """Fresh processes, forks of nobody, that take work as a pool does."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
