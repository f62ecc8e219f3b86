"""How long a check may wait for its cell. What is waited for at the same time passes once.

Seconds in which the machine did other work do not count: when time is up, those are given back for which the check and
its cell were ready to run and had no processor. So a verdict does not depend on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator

_MOST = 5  # times the seconds that there were is all that is ever given back
_LEAST_S = 0.02  # that are worth waiting for once more


def _nothing() -> float:
    return 0.0


class Budget:
    """A number of seconds that runs while at least one wait is under way.

    ``kept_waiting()`` tells for how many seconds, since it was asked last, the machine had no processor for the check.
    """

    def __init__(self, seconds: float, kept_waiting: Callable[[], float] = _nothing) -> None:
        #: How many there were.
        self.seconds = seconds
        self._kept_waiting = kept_waiting
        #: Those given back so far, counted at the last ``ask``.
        self.given = 0.0
        self._left = seconds
        self._waits = 0
        self._since = 0.0

    @property
    def left(self) -> float:
        """Seconds that are left, not below 0."""
        running = time.monotonic() - self._since if self._waits else 0.0
        left = self._left - running
        return left if left > 0 else max(0.0, left + self.ask())

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """Entered for each wait."""
        if self._waits == 0:
            self._since = time.monotonic()
        self._waits += 1
        try:
            yield
        finally:
            self._waits -= 1
            if self._waits == 0:
                self._left -= time.monotonic() - self._since

    def ask(self) -> float:
        """Asks for how long the machine was busy with other work, and gives that back: the seconds."""
        back = self._kept_waiting() if self.given < _MOST * self.seconds else 0.0
        if back < _LEAST_S:
            return 0.0
        self.given += back
        self._left += back
        return back

    def patience(self, seconds: float) -> Patience:
        """With a wait that begins now and may take ``seconds``, if as many are left."""
        return Patience(min(seconds, self.left), self)


class Patience:
    """How long a wait may take that begins now: ``seconds``, and what ``budget`` gives back."""

    def __init__(self, seconds: float, budget: Budget) -> None:
        #: How many there are, if none are given back.
        self.seconds = seconds
        self._budget = budget
        self._given = budget.given
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; 0 when it is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            self._budget.ask()
            back, self._given = self._budget.given - self._given, self._budget.given
            self._end += back
            left += back
        return max(0.0, left)


@contextlib.asynccontextmanager
async def within(patience: Patience) -> AsyncIterator[None]:
    """Raises ``TimeoutError`` when what is done in the block takes longer."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        timers: list[asyncio.TimerHandle] = []

        def look() -> None:
            if left := patience.left():
                timers[:] = [loop.call_later(left, look)]
            else:
                limit.reschedule(loop.time())

        look()
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()
