"""One daemon thread with one event loop, in which all services of a process live."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

#: Turns of the loop after which everything the kernel already had for us has been dealt with.
#: Accepting a connection and reading its first bytes takes four.
SETTLING_TURNS = 8


class ServiceLoop:
    """The thread in which services run. Other threads hand it coroutines with :meth:`run`.

    ``faults`` collects what callbacks of the loop raised although they must not: the grader's own bugs.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._note_fault)
        self._thread = threading.Thread(target=self._loop.run_forever, name="onspot-services", daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in the loop's thread."""
        return threading.current_thread() is self._thread

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run ``coroutine`` in the loop and return its result. Raises what it raises."""
        if self.is_current or self._loop.is_closed():
            coroutine.close()
            raise RuntimeError("the service loop is closed, or was asked to wait for itself")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def settle(self) -> None:
        """Return when the loop has taken notice of all that reached its sockets before the call."""
        if not self.is_current and not self._loop.is_closed():
            self.run(settle())

    def close(self) -> None:
        """End everything that runs in the loop, and its thread."""
        if self._loop.is_closed():
            return
        self.run(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _note_fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")


async def settle(turns: int = SETTLING_TURNS) -> None:
    """Let the running loop go round ``turns`` times."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
