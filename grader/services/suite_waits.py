"""Whether the suite does nothing but wait for the cell: virtual time moves by itself only then."""

from __future__ import annotations

import contextlib
import select
import threading
from collections.abc import Iterator


class SuiteWaits:
    """The waits of the suite's threads. They enter and leave; the service loop's thread looks."""

    def __init__(self) -> None:
        #: How many waits have ever begun: a suite that left one wait for the next shows.
        self.begun = 0
        self._descriptors: dict[int, int] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._descriptors)

    @contextlib.contextmanager
    def entered(self, descriptor: int) -> Iterator[None]:
        """The calling thread waits to read from ``descriptor``."""
        with self._lock:
            self.begun += 1
            number = self.begun
            self._descriptors[number] = descriptor
        try:
            yield
        finally:
            with self._lock:
                del self._descriptors[number]

    def have_news(self) -> bool:
        """Whether something has arrived that a thread waits for, so that it is about to run."""
        poll = select.poll()
        with self._lock:
            for descriptor in self._descriptors.values():
                poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
