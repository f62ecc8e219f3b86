"""A clock for the tests of services: it moves when a test says so, and knows whether its holds balance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from grader.services.loop import ServiceLoop, settle


class SteppedClock:
    """Time that stands still until :meth:`step`, which is called in the test's thread.

    ``holds`` is how many holds are out now; ``broken`` is True once a release had no hold.
    """

    def __init__(self, loop: ServiceLoop) -> None:
        self.holds = 0
        self.broken = False
        self._loop = loop
        self._moment = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._listeners: list[Callable[[float], Awaitable[None]]] = []

    def now(self) -> float:
        return self._moment

    def hold(self) -> None:
        self.holds += 1

    def release(self) -> None:
        self.holds -= 1
        self.broken = self.broken or self.holds < 0

    async def sleep(self, seconds: float) -> None:
        sleeper = (self._moment + seconds, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        self.release()
        try:
            await sleeper[1]
        finally:
            self.hold()
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def on_move(self, listener: Callable[[float], Awaitable[None]]) -> None:
        self._listeners.append(listener)

    def step(self) -> float:
        """Wait until nobody holds time and somebody sleeps, wake the first, and return its moment."""
        return self._loop.run(self._step())

    def rest(self) -> None:
        """Wait until nobody holds time."""
        self._loop.run(self._rest())

    def move_to(self, moment: float) -> None:
        """Make it ``moment``, past whom nobody sleeps."""
        self._loop.run(self._move_to(moment))

    async def _step(self) -> float:
        while True:
            await self._rest()
            if self._sleepers:
                break
            await asyncio.sleep(0.001)
        moment, sleeper = min(self._sleepers, key=lambda one: one[0])
        await self._move_to(moment)
        if not sleeper.done():
            sleeper.set_result(None)
        await settle()
        return moment

    async def _rest(self) -> None:
        await settle()
        while self.holds:
            await asyncio.sleep(0.001)
            await settle()

    async def _move_to(self, moment: float) -> None:
        self._moment = moment
        for listener in self._listeners:
            await listener(moment)
