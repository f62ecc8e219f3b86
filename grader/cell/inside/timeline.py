"""A cell's virtual time, and the alarms that its threads have set.

Time stands still until the trusted side moves it, and then goes to the moment it was told. Picoseconds are
counted, because a nanosecond is too coarse for what floats leave over: after ``deadline = monotonic() +
4.9`` and a wait of 4.9 s, ``deadline - monotonic()`` may still be 1e-13. Such a rest is waited for too, but
does not show in whole nanoseconds.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import math
import os
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

NANOSECOND = 1_000
SECOND = 1_000_000_000_000
#: Where time.monotonic() begins, in seconds.
START = 1_000
#: From this moment on a deadline never comes: nobody means one in thirty years.
FOREVER = 1_000_000_000 * SECOND

_real_nanoseconds = [time.monotonic_ns]  # in a list, where nothing looks for names to replace


def _import_time_machine() -> types.ModuleType:
    """time-machine without what it looks for beside it: to import pytest takes longer than all of a cell."""
    unwanted = [name for name in ("pytest", "dateutil.parser") if name not in sys.modules]
    hidden: dict[str, Any] = dict.fromkeys(unwanted)
    sys.modules.update(hidden)
    try:
        return importlib.import_module("time_machine")
    finally:
        for name in unwanted:
            del sys.modules[name]


_time_machine = _import_time_machine()


@dataclass(slots=True, eq=False)
class Alarm:
    """One thread's wait until ``deadline``, in picoseconds; ``over`` once it has come."""

    deadline: int
    number: int
    ring: Callable[[], None]
    over: bool = False


class Timeline:
    """The virtual time of this process. ``wall`` is the time of day at its start, in seconds since 1970.

    A forked child is ``detached``: nobody moves its time, so it goes on from where it was at the pace of
    real time.
    """

    def __init__(self, wall: float) -> None:
        self.detached = False
        self._now = 0
        self._alarms: set[Alarm] = set()
        self._numbers = itertools.count()
        self._traveller = _time_machine.travel(wall, tick=False).start()
        self._detached_at = 0
        os.register_at_fork(after_in_child=self._detach)

    @property
    def now(self) -> int:
        """Picoseconds since the start."""
        if self.detached:
            return self._now + (_real_nanoseconds[0]() - self._detached_at) * NANOSECOND
        return self._now

    def move(self, moment: int) -> None:
        """Makes it ``moment``; time never goes back."""
        if moment > self._now:
            seconds, rest = divmod(moment // NANOSECOND - self._now // NANOSECOND, 1_000_000_000)
            self._now = moment
            self._traveller.shift(seconds)
            self._traveller.shift(rest / 1e9)

    @contextlib.contextmanager
    def alarm(self, seconds: float, ring: Callable[[], None]) -> Iterator[Alarm]:
        """An alarm that calls ``ring`` in ``seconds`` (more than 0), unless the block is left before."""
        alarm = Alarm(self._after(seconds), next(self._numbers), ring)
        self._alarms.add(alarm)
        try:
            yield alarm
        finally:
            self._alarms.discard(alarm)

    def next_deadline(self) -> int | None:
        """The earliest deadline of all alarms."""
        return min((alarm.deadline for alarm in self._waiting()), default=None)

    def ring_one(self) -> None:
        """Rings the alarm that is due, the one set first if there are several."""
        due = [alarm for alarm in self._waiting() if alarm.deadline <= self._now]
        if due:
            alarm = min(due, key=lambda alarm: (alarm.deadline, alarm.number))
            alarm.over = True
            alarm.ring()

    def _waiting(self) -> list[Alarm]:
        return [alarm for alarm in tuple(self._alarms) if not alarm.over and alarm.deadline < FOREVER]

    def _after(self, seconds: float) -> int:
        nanoseconds = round(seconds * 1e9)
        if nanoseconds:
            return (self._now // NANOSECOND + nanoseconds) * NANOSECOND
        return self._now + math.ceil(seconds * SECOND) + 1

    def _detach(self) -> None:
        self.detached = True
        self._detached_at = _real_nanoseconds[0]()
        self._alarms.clear()
        self._traveller.move_to(time.time(), tick=True)
