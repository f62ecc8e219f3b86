"""Runs in what is written: where one thing, or a few that take turns, come again and differ by some words at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

_PERIOD = 4  # things that may take turns, such as a step of a clock and a request
_COLUMNS = 2  # words that may change, such as an address and a name

#: What is written apart from some words, and those words.
Framed = tuple[tuple[str, ...], list[str]]


@dataclass(frozen=True)
class Run:
    """From ``start`` on ``period`` things, which come ``times`` times more. ``columns`` are the words that change, each
    as it is from time to time, the first time included; those that change together are one. ``places`` says which of
    the things' words is of which column.
    """

    start: int
    period: int
    times: int
    columns: list[list[str]] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return self.start + self.period * (self.times + 1)


def runs(things: Sequence[Framed], is_worth_it: Callable[[Run], bool]) -> Iterator[Run]:
    """All things in their order; those that are in no run that is worth it are runs of one."""
    start = 0
    while start < len(things):
        found = (_run(things, start, period) for period in range(1, _PERIOD + 1))
        longest = max((run for run in found if run.times and is_worth_it(run)), key=_end, default=Run(start, 1, 0))
        yield longest
        start = longest.end


def _end(run: Run) -> int:
    return run.end


def _run(things: Sequence[Framed], start: int, period: int) -> Run:
    """The longest run of that period. Words are of one kind that have been the same each time so far."""
    frames, first = _apart(things[start : start + period])
    rows, kinds, changing = [first], [first.index(word) for word in first], set[int]()
    for place in range(start + period, len(things) - period + 1, period):
        again, row = _apart(things[place : place + period])
        if again != frames:
            break
        known: dict[tuple[int, str], int] = {}
        now = [known.setdefault(pair, number) for number, pair in enumerate(zip(kinds, row, strict=True))]
        changed = {number for number, word in enumerate(row) if word != first[number]} | changing
        if len({now[number] for number in changed}) > _COLUMNS:
            break
        rows.append(row)
        kinds, changing = now, changed
    order = sorted({kinds[number] for number in changing})
    columns = [[row[kind] for row in rows] for kind in order]
    return Run(start, period, len(rows) - 1, columns, {number: order.index(kinds[number]) for number in changing})


def _apart(things: Sequence[Framed]) -> tuple[list[tuple[str, ...]], list[str]]:
    return [frame for frame, _ in things], [word for _, words in things for word in words]
