"""The time by which services delay their answers, and how they keep virtual time from jumping too early."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

#: Real seconds that virtual time waits for a peer who has begun to send or to read and has stopped half-way.
PATIENCE = 0.05


class Clock(Protocol):
    """A check's time. Everything is called in the service loop's thread.

    Virtual time jumps to the next deadline when the cell is idle and no hold is left. Whoever has a request
    in hand holds it, and releases it once the answer is on its way.
    """

    def now(self) -> float:
        """Seconds since the check began."""

    async def sleep(self, seconds: float) -> None:
        """Sleep on this clock. The caller's one hold is given back meanwhile, and taken again in any case."""

    def hold(self) -> None:
        """Keep virtual time from jumping. Holds are counted."""

    def release(self) -> None:
        """Give back one hold."""


class RealClock:
    """Real time: nothing to hold."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def hold(self) -> None:
        pass

    def release(self) -> None:
        pass


class Hold:
    """At most one hold on ``clock``: taking it twice or dropping it twice does nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held = False
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> None:
        self._stop_timer()
        if not self._held:
            self._held = True
            self._clock.hold()

    def drop(self) -> None:
        self._stop_timer()
        if self._held:
            self._held = False
            self._clock.release()

    def linger(self) -> None:
        """Drop the hold after :data:`PATIENCE` unless it is taken again: the next move is the peer's.

        Without this, a peer who sleeps between two halves of a request would stop virtual time for ever.
        """
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.drop)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
