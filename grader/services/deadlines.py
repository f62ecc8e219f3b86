"""The moments that the trusted side waits for in virtual time, in the order in which they are served."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

_NANOSECOND = 1_000  # in picoseconds, which the cell counts in


class Rank(IntEnum):
    """Who comes first at the same moment."""

    CELL = 0
    SERVICE = 1
    SUITE = 2
    ADVANCE = 3


@dataclass(slots=True, eq=False)
class Deadline:
    """What is to be done at a moment. ``finish`` is called with "", or with the reason why it cannot come."""

    moment: int
    rank: Rank
    number: int
    finish: Callable[[str], object]

    @property
    def place(self) -> tuple[int, int, int]:
        """Its place among others."""
        return self.moment, self.rank, self.number


class Deadlines:
    """The deadlines of the trusted side, in picoseconds since the check began."""

    def __init__(self) -> None:
        self._all: set[Deadline] = set()
        self._numbers = itertools.count()

    def __iter__(self) -> Iterator[Deadline]:
        return iter(tuple(self._all))

    @property
    def advancing(self) -> bool:
        """Whether the suite has asked for time to pass."""
        return any(deadline.rank is Rank.ADVANCE for deadline in self._all)

    def make(self, now: int, seconds: float, rank: Rank, finish: Callable[[str], object]) -> Deadline:
        """A deadline ``seconds`` from ``now``, to the nanosecond; not yet one of these."""
        moment = (now // _NANOSECOND + round(seconds * 1e9)) * _NANOSECOND
        return Deadline(max(moment, now), rank, next(self._numbers), finish)

    def of_cell(self, moment: int, wake: Callable[[], None]) -> Deadline:
        """The first deadline in the cell."""
        return Deadline(moment, Rank.CELL, 0, lambda _reason: wake())

    def add(self, deadline: Deadline) -> None:
        self._all.add(deadline)

    def discard(self, deadline: Deadline) -> None:
        self._all.discard(deadline)

    def lose(self, reason: str) -> None:
        """None of them can come."""
        for deadline in self:
            deadline.finish(reason)


def in_seconds(moment: int) -> float:
    """Picoseconds as seconds, exact to the nanosecond."""
    return moment // _NANOSECOND / 1e9
