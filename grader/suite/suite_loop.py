"""The event loop of ``async def`` checks. While it has nothing to do, the suite counts as waiting for the cell."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Callable
from typing import Any

Waiting = Callable[[int], contextlib.AbstractContextManager[None]]


class _WaitingSelector(selectors.DefaultSelector):
    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self._waiting = waiting

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Waits for files; virtual time may jump only in here, when no code of the suite can run."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        with self._waiting(self.fileno()):
            return super().select(timeout)


def run(main: Callable[[], Any], waiting: Waiting) -> Any:
    """Runs the coroutine function ``main`` to its end in a fresh loop, then cancels what it left behind."""
    loop = asyncio.SelectorEventLoop(_WaitingSelector(waiting))
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main())
    finally:
        try:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left, timeout=1))
        finally:
            asyncio.set_event_loop(None)
            loop.close()
