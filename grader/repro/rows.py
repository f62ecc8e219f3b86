"""Features of the rows of a list, such as events: how many there are of a kind, and which came before which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from grader.repro import verdict
from grader.repro.figures import bounded
from grader.repro.program import Decision
from grader.repro.verdict import at, is_number, size, tally

_LABELS = 12
_DRAWN = re.compile(r"(?=.*\d)[\w-]{12,}")  # never twice the same, such as an id


def of_rows(
    number: int, arguments: str, path: tuple[Any, ...], mine: Any, theirs: list[Any], rows: Any
) -> Iterator[tuple[int, Decision]]:
    """Features of a list that do not hang on the order in which threads happened to run."""
    yield from _counted(number, f"size(came{arguments})", size(mine, *path), [size(o, *path) for o in theirs], 52)
    for column in columns(rows):
        labels = _labels([mine, *theirs], path, column)
        for label in labels:
            got = f"tally(came{arguments}, label={label!r}{'' if column is None else f', column={column}'})"
            count = tally(mine, *path, label=label, column=column)
            others = [tally(other, *path, label=label, column=column) for other in theirs]
            yield from _counted(number, got, count, others, 53 if 0 in (count, *others) else 54)
        for name, value in mine.items() if isinstance(mine, dict) and column is not None else ():
            found = [{at(row, column) for row in at(other, *path)} for other in theirs if at(other, *path)]
            is_anew = len(found) > 1 and not any(one & found[0] for one in found[1:])  # such as numbers of processes
            if type(value) in (int, str) and is_anew:
                got = f"tally(came{arguments}, label=at(came, {name!r}), column={column})"
                count = tally(mine, *path, label=value, column=column)
                others = [tally(other, *path, label=at(other, name), column=column) for other in theirs]
                yield from _counted(number, got, count, others, 51)
        if column is not None:
            others = [verdict.distinct(other, *path, column=column) for other in theirs]
            count = verdict.distinct(mine, *path, column=column)
            yield from _counted(number, f"distinct(came{arguments}, column={column})", count, others, 55)
        if column is None or len(labels) > 6:
            continue
        for pair in permutations(labels, 2):
            for name, look in (("ahead", verdict.ahead), ("after", verdict.after)):
                got = f"{name}(came{arguments}, column={column}, of={pair!r})"
                count = look(mine, *path, column=column, of=pair)
                others = [look(other, *path, column=column, of=pair) for other in theirs]
                yield from _counted(number, got, count, others, 56)


def _counted(number: int, got: str, mine: Any, theirs: list[Any], weight: int) -> Iterator[tuple[int, Decision]]:
    if is_number(mine) and all(is_number(other) for other in theirs):
        yield from bounded(number, got, mine, theirs, weight)


def columns(rows: Any) -> list[int | None]:
    """The columns of a list of rows; of any other list None, for its items."""
    if rows and all(isinstance(row, (list, tuple)) and row for row in rows):
        return list(range(min(len(rows[0]), 4)))
    return [None]


def _labels(values: list[Any], path: tuple[Any, ...], column: int | None) -> list[Any]:
    found: dict[Any, None] = {}
    for value in values:
        rows = at(value, *path)
        for row in rows if isinstance(rows, (list, tuple)) else ():
            label = row if column is None else at(row, column)
            if type(label) is bool or (type(label) is str and not _DRAWN.fullmatch(label)):
                found[label] = None
                if len(found) > _LABELS:
                    return []
    return list(found)
