"""A check's virtual time: it stands still while anybody works, and jumps to the next deadline when all wait.

All are the cell, the services and the suite. The cell waits when every thread of it is asleep, which it
says itself; a service when it holds no request in hand; the suite when it is :meth:`VirtualClock.waiting`
and what it waits for has not arrived. The cell is asked first, then the others are looked at, and then the
cell moves its time only if none of its threads has run since it was asked: so nothing that was under way to
it has been overtaken.

One deadline is served at a time, and the next one when all wait again. At the same moment the cell's come
first, then the services', the suite's own sleeps, and the end of :meth:`VirtualClock.advance`; among the
services', those that were set first. So nothing that is counted in virtual time depends on how busy the
machine is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

from grader.cell.budget import Budget, Patience, within
from grader.cell.deaths import CellEnded
from grader.model import Verdict
from grader.services.clock_line import ClockLine, LineLostError
from grader.services.deadlines import Deadline, Deadlines, Rank, in_seconds
from grader.services.loop import ServiceLoop, settle
from grader.services.suite_waits import SuiteWaits

#: Real seconds between two questions to a cell that is idle and waits for nothing: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.05


class ClockLost(CellEnded):
    """The cell's time cannot be moved: the cell is gone, spoke nonsense, or does not come to rest."""

    def __init__(self, reason: str) -> None:
        super().__init__(Verdict.TIMEOUT, reason)


class VirtualClock:
    """The virtual time of one check, for its cell, its services and its suite.

    It is moved by :meth:`advance`, and while it is ``auto`` by itself, as long as the suite waits for the
    cell. ``patience`` is how many real seconds :meth:`advance` waits for the cell to come to rest,
    those not counted that ``budget`` gives back. ``advanced`` is told by how much :meth:`advance` is asked to.
    """

    def __init__(
        self,
        loop: ServiceLoop,
        *,
        patience: float = 5.0,
        budget: Budget | None = None,
        advanced: Callable[[float], object] | None = None,
    ) -> None:
        self._services = loop
        self._patience = patience
        self._budget = budget or Budget(patience)
        self._advanced = advanced
        self._now = 0  # picoseconds, as the cell counts
        self._auto = True
        self._failure = ""
        self._line: ClockLine | None = None
        self._holds = 0
        self._deadlines = Deadlines()
        self._waits = SuiteWaits()
        self._listeners: list[Callable[[float], Awaitable[None]]] = []
        self._loop: asyncio.AbstractEventLoop
        self._changed: asyncio.Event
        self._driver: asyncio.Task[None]
        loop.run(self._start())

    # -- what the suite uses, from its own thread

    @property
    def elapsed(self) -> float:
        """Virtual seconds since the check began, exact to the nanosecond."""
        return self.now()

    @property
    def failure(self) -> str:
        """Why the cell's time cannot be moved any more; empty while it can."""
        return self._failure

    @property
    def auto(self) -> bool:
        """Whether time jumps by itself while the suite waits for the cell."""
        return self._auto

    @auto.setter
    def auto(self, value: bool) -> None:
        self._auto = value
        self._notice()

    def attach(self, connection: socket.socket) -> None:
        """Move the time of a cell, which begins at this clock's now. ``connection`` becomes the clock's own."""
        self._services.run(self._attach(connection))

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, with all that happens in them, and return when all wait again.

        Raises:
            ClockLost: the cell is gone, or does not come to rest.
        """
        if seconds < 0:
            raise ValueError("time does not go back")
        if self._advanced is not None:
            self._advanced(seconds)
        problem = self._services.run(self._advance(seconds))
        if problem:
            raise ClockLost(problem)

    @contextlib.contextmanager
    def waiting(self, descriptor: int) -> Iterator[None]:
        """To be entered while the calling thread does nothing but wait for ``descriptor`` to become readable.

        Enter it when all that the cell is to receive has been sent, for time may jump as soon as it is entered.
        Leave it before you read: time stands still as long as there is something to read, and to have read it
        without having left would look like waiting for more. Nobody else may read from ``descriptor``.
        """
        with self._waits.entered(descriptor):
            if self._auto:
                self._notice()
            yield

    def close(self) -> None:
        """Stop moving. Whoever sleeps on this clock sleeps on."""
        self._services.run(self._stop())

    # -- what the services use, in the service loop's thread

    def now(self) -> float:
        """Virtual seconds since the check began."""
        return in_seconds(self._now)

    async def sleep(self, seconds: float) -> None:
        """Sleep in virtual time, in the service loop or in an event loop of the suite's.

        A service has one hold when it calls, which is given back while it sleeps.
        """
        if seconds <= 0:
            await asyncio.sleep(0)
        elif self._services.is_current:
            await self._sleep_as_service(seconds)
        else:
            await self._sleep_as_suite(seconds)

    def hold(self) -> None:
        """Keep time from jumping. Holds are counted."""
        self._holds += 1

    def release(self) -> None:
        """Give back one hold."""
        self._holds -= 1
        if self._holds == 0:
            self._changed.set()

    def on_move(self, listener: Callable[[float], Awaitable[None]]) -> None:
        """Have ``listener(now)`` awaited after every move, before anybody is woken."""
        self._listeners.append(listener)

    # -- moving

    async def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._driver = self._loop.create_task(self._drive())

    async def _stop(self) -> None:
        self._driver.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._driver
        if self._line is not None:
            self._line.close()

    async def _attach(self, connection: socket.socket) -> None:
        if self._line is not None:
            self._line.close("another cell has taken its place")
        self._line = ClockLine(connection, self._now)
        self._failure = ""
        self._changed.set()

    async def _drive(self) -> None:
        """Serve one deadline after the other, for as long as time is wanted to move."""
        pause = _FIRST_PAUSE
        while True:
            self._changed.clear()
            if self._holds or not self._is_wanted():
                await self._changed.wait()
                continue
            if await self._step():
                pause = _FIRST_PAUSE
                continue
            again = self._loop.call_later(pause, self._changed.set)
            await self._changed.wait()
            again.cancel()
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _step(self) -> bool:
        """Serve the next deadline once all wait. False: there is none, or not all do."""
        line, waits_begun = self._line, self._waits.begun
        try:
            first_of_cell = None if line is None else await line.idle()
            await settle()  # the services have noticed what the cell sent before it fell asleep
            deadlines = list(self._deadlines)
            if line is not None and first_of_cell is not None:
                deadlines.append(self._deadlines.of_cell(max(first_of_cell, self._now), line.wake))
            if not deadlines or self._holds or not self._is_wanted():
                return False
            if not self._deadlines.advancing and (self._waits.begun != waits_begun or self._waits.have_news()):
                return False
            following = min(deadlines, key=lambda deadline: deadline.place)
            if line is not None and not await line.move(following.moment):
                return True  # something has run in the cell: ask again
            self._now = following.moment
            for listener in self._listeners:
                await listener(self.now())
            self._deadlines.discard(following)
            following.finish("")
        except LineLostError as lost:
            if line is self._line:
                self._failure = str(lost)
                self._deadlines.lose(self._failure)
            return False
        return True

    def _is_wanted(self) -> bool:
        return self._deadlines.advancing or bool(self._auto and self._waits and not self._failure)

    def _notice(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    # -- deadlines

    async def _advance(self, seconds: float) -> str:
        """Empty, or why the moment did not come."""
        ended: asyncio.Future[str] = self._loop.create_future()
        deadline = self._deadlines.make(self._now, seconds, Rank.ADVANCE, _setter(ended))
        self._add(deadline)
        try:
            async with within(Patience(self._patience, self._budget)):
                return await ended
        except TimeoutError:
            who = "a service still had a request in hand" if self._holds else "the cell was still running"
            return f"{who} {self._patience:g} s after its time was to move"
        finally:
            self._deadlines.discard(deadline)

    async def _sleep_as_service(self, seconds: float) -> None:
        woken: asyncio.Future[str] = self._loop.create_future()

        def wake(reason: str) -> None:
            if not reason and not woken.done():  # without its cell a service sleeps on
                self.hold()
                woken.set_result(reason)

        deadline = self._deadlines.make(self._now, seconds, Rank.SERVICE, wake)
        self._add(deadline)
        self.release()
        try:
            await woken
        finally:
            if woken.cancelled():
                self.hold()
            self._deadlines.discard(deadline)

    async def _sleep_as_suite(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[str] = loop.create_future()

        def wake(reason: str) -> None:
            loop.call_soon_threadsafe(_setter(woken), reason)

        deadline = self._deadlines.make(self._now, seconds, Rank.SUITE, wake)
        self._loop.call_soon_threadsafe(self._add, deadline)
        try:
            problem = await woken
        finally:
            self._loop.call_soon_threadsafe(self._deadlines.discard, deadline)
        if problem:
            raise ClockLost(problem)

    def _add(self, deadline: Deadline) -> None:
        self._deadlines.add(deadline)
        self._changed.set()


def _setter(future: asyncio.Future[str]) -> Callable[[str], None]:
    """What sets the future's result, unless it has one or nobody waits for it any more."""

    def finish(result: str) -> None:
        if not future.done():
            future.set_result(result)

    return finish
