"""The seconds that a check may wait for its cell. What is waited for at the same time passes once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator


class Budget:
    """A number of seconds that runs while at least one wait is under way."""

    def __init__(self, seconds: float) -> None:
        #: How many there were.
        self.seconds = seconds
        self._left = seconds
        self._waits = 0
        self._since = 0.0

    @property
    def left(self) -> float:
        """Seconds that are left, not below 0."""
        running = time.monotonic() - self._since if self._waits else 0.0
        return max(0.0, self._left - running)

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
