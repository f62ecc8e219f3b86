"""A clock to inject into a submission: it lives in the cell and moves only when it is told to."""

from __future__ import annotations

import asyncio
import threading

START = 1000.0  # seconds


class ManualClock:
    """Called, it returns its time in seconds. Threads may use it."""

    def __init__(self, now: float = START) -> None:
        self._now = float(now)
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self._now

    @property
    def now(self) -> float:
        """The time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Moves the time on by ``seconds``."""
        with self._lock:
            self._now += seconds

    def set(self, now: float) -> None:
        """Sets the time; it may go back."""
        with self._lock:
            self._now = float(now)

    def sleep(self, seconds: float) -> None:
        """A sleep to inject: it takes no real time."""
        self.advance(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        """A coroutine function to inject as an async sleep."""
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)
