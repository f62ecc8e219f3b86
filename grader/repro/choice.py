"""Which step of a recording decides, and by what: where the recorded run differs from all runs of right solutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Any

from grader.repro import verdict
from grader.repro.figures import Run, bounded, coincidences, differences, growths, is_address, ratios, repeats
from grader.repro.program import Decision
from grader.repro.runtime import Raised, Record, Text
from grader.repro.verdict import alike, at, is_number, size, tally

_MOST = 40  # decisions that are worth trying
_DEPTH = 4
_LABELS = 12
_ROWS = 30
_WORD = 4  # letters of a text that may have been drawn


def decisions(
    came: Run,
    compared: tuple[Any, Any],
    runs: list[Run],
    steps: list[str],
    names: dict[int, str],
    measured: set[int],
    message: str,
) -> list[Decision]:
    """The possible decisions, the best first. ``names`` are the variables that hold what steps gave; what is
    ``measured`` is never twice the same, such as CPU seconds.
    """
    ranked = [(10, 0, decision) for decision in growths(came, runs, {number: names[number] for number in measured})]
    ranked += [(45, 0, decision) for decision in differences(came, runs, steps, names)]
    ranked += [(70, 0, decision) for decision in repeats(came, runs, steps, names)]
    ranked += [(72, 0, decision) for decision in coincidences(came, runs, names)]
    for number in range(len(steps)):
        if not runs or not all(number in run for run in runs):
            break
        if number not in came or number in measured:
            continue
        rank = len(steps) - number
        theirs = [run[number] for run in runs]
        for weight, decision in _of_step(number, came[number], theirs, compared, "driver." in steps[number]):
            ranked.append((weight, rank, decision))
        if any(isinstance(value, Raised) != isinstance(came[number], Raised) for value in theirs):
            break  # from here on the two programs are not the same
    told = set(re.findall(r"\d+", message))
    ranked = [
        (weight - 20 * (str(decision.mine) in told - {"0", "1"}), rank, decision) for weight, rank, decision in ranked
    ]
    ranked.sort(key=lambda entry: entry[:2])
    return [decision for _, _, decision in ranked[:_MOST]]


def _of_step(
    number: int, mine: Any, theirs: list[Any], compared: tuple[Any, Any], is_racy: bool
) -> Iterator[tuple[int, Decision]]:
    if isinstance(mine, Raised) or any(isinstance(value, Raised) for value in theirs):
        yield from _equal(number, "plain(came)", mine, theirs, compared, 30)
        for got, look in (("cause(came)", verdict.cause), ("text(came)", verdict.text)):
            yield from _equal(number, got, look(mine), [look(other) for other in theirs], compared, 35)
        return
    if is_racy:
        yield from ((65, decision) for decision in ratios(number, mine, theirs))
    for path, value in _parts(mine, theirs[0], (), is_racy):
        theirs_there = [at(other, *path) for other in theirs]
        arguments = "".join(f", {key!r}" for key in path)
        got = f"at(came{arguments})" if path else "plain(came)"
        is_whole = isinstance(value, (list, tuple, dict, set, frozenset, Record))
        weight = (60 if is_racy else 40) + (5 if path else 0) if is_whole else 30 + len(path)
        yield from _equal(number, got, value, theirs_there, compared, weight)
        kinds = [type(other).__name__ for other in theirs_there]
        if type(value).__name__ not in kinds and len(set(kinds)) == 1:
            yield 70, Decision(number, f"type({got}).__name__", f"got == {kinds[0]!r}", kinds[0])
        if type(value) is str and _are_drawn([value, *theirs_there]):
            signs = verdict.alphabet(value)
            if signs not in [verdict.alphabet(other) for other in theirs_there]:
                looked = f"alphabet(came{arguments})"
                yield 75, Decision(number, looked, f"got != {signs!r}", f"anything but an alphabet of {signs}")
        if isinstance(value, (list, tuple)):
            yield from _of_rows(number, arguments, path, mine, theirs, value)
        elif is_number(value):
            yield from bounded(number, got, value, theirs_there, 50)
    yield from _apart_from_words(number, mine, theirs, compared)


def _apart_from_words(
    number: int, mine: Any, theirs: list[Any], compared: tuple[Any, Any]
) -> Iterator[tuple[int, Decision]]:
    """Texts that hold another text of the reply, such as an address with an id that was drawn: the rest of them."""
    texts = [(path, value) for path, value in _parts(mine, theirs[0], (), is_racy=False) if type(value) is str]
    for path, value in texts:
        for of, word in texts:
            if len(word) >= _WORD and word != value and word in value:
                got = f"without(came, {', '.join(map(repr, path))}, of={of!r})"
                others = [verdict.without(other, *path, of=of) for other in theirs]
                yield from _equal(number, got, verdict.without(mine, *path, of=of), others, compared, 38)


def _parts(value: Any, other: Any, path: tuple[Any, ...], is_racy: bool) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The value and its parts, lists whole; with what ``other`` has and the value lacks."""
    yield path, value
    if len(path) >= _DEPTH:
        return
    value = value.fields if isinstance(value, Record) else value
    other = other.fields if isinstance(other, Record) else other
    keys: Iterable[Any] = ()
    if isinstance(value, dict):
        keys = [key for key in (value | other if isinstance(other, dict) else value) if isinstance(key, (str, int))]
    elif isinstance(value, (tuple, list)) and len(value) <= _ROWS and not (is_racy and _columns(value) != [None]):
        keys = range(min(len(value), len(other)) if isinstance(other, (list, tuple)) else len(value))
    for key in keys:
        yield from _parts(at(value, key), at(other, key), (*path, key), is_racy)


def _equal(
    number: int, got: str, mine: Any, theirs: list[Any], compared: tuple[Any, Any], weight: int
) -> Iterator[tuple[int, Decision]]:
    first = theirs[0]
    if any(alike(mine, other) for other in theirs):
        return
    if not all(alike(other, first) for other in theirs[1:]):
        written = source(mine)
        if type(mine) is str and written and not _are_drawn([mine, *theirs]):
            yield 80, Decision(number, got, f"not alike(got, {written})", f"anything but {written}")
        return
    if mine != mine or _holds_unequal(first) or (is_address(mine) and is_address(first)):
        return
    is_compared = compared != (None, None) and alike(mine, compared[0]) and alike(first, compared[1])
    if compared == (None, None):
        pass  # nothing was compared
    elif is_compared:
        weight = 0
    elif alike(mine, compared[0]) or alike(first, compared[1]):
        weight -= 20
    written = source(first)
    if written:
        demand, expected = f"alike(got, {written})", verdict.short(first)
        yield weight, Decision(number, got, demand, expected, is_compared=is_compared)


def _of_rows(
    number: int, arguments: str, path: tuple[Any, ...], mine: Any, theirs: list[Any], rows: Any
) -> Iterator[tuple[int, Decision]]:
    """Features of a list that do not hang on the order in which threads happened to run."""
    yield from _counted(number, f"size(came{arguments})", size(mine, *path), [size(o, *path) for o in theirs], 52)
    for column in _columns(rows):
        labels = _labels([mine, *theirs], path, column)
        for label in labels:
            got = f"tally(came{arguments}, label={label!r}{'' if column is None else f', column={column}'})"
            count = tally(mine, *path, label=label, column=column)
            others = [tally(other, *path, label=label, column=column) for other in theirs]
            yield from _counted(number, got, count, others, 53 if 0 in (count, *others) else 54)
        for name, value in mine.items() if isinstance(mine, dict) and column is not None else ():
            columns = [[at(row, column) for row in at(other, *path)] for other in theirs if at(other, *path)]
            if type(value) in (int, str) and any(set(one) != set(columns[0]) for one in columns):
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


def _columns(rows: Any) -> list[int | None]:
    if rows and all(isinstance(row, (list, tuple)) and row for row in rows):
        return list(range(min(len(rows[0]), 4)))
    return [None]


def _labels(values: list[Any], path: tuple[Any, ...], column: int | None) -> list[Any]:
    found: dict[Any, None] = {}
    for value in values:
        rows = at(value, *path)
        for row in rows if isinstance(rows, (list, tuple)) else ():
            label = row if column is None else at(row, column)
            if type(label) in (str, bool):
                found[label] = None
                if len(found) > _LABELS:
                    return []
    return list(found)


def _are_drawn(values: list[Any]) -> bool:
    """Whether texts are such as are drawn at random: never the same, and of one length."""
    texts = {value for value in values if type(value) is str}
    return len(texts) == len(values) > 2 and len({len(text) for text in texts}) == 1


def _holds_unequal(value: Any) -> bool:
    return isinstance(value, float) and value != value


def source(value: Any) -> str:
    """A plain value as an expression of the program's, or nothing when it is too long."""
    from grader.repro.literals import literal

    def other(thing: Any) -> str:
        if isinstance(thing, Text):
            return f"Text({str(thing)!r})"
        if isinstance(thing, Raised):
            return f"Raised({thing.name!r})"
        if isinstance(thing, Record):
            return f"Record({thing.name!r}, {literal(thing.fields, other)})"
        raise TypeError(thing)

    try:
        written = literal(value, other)
    except TypeError:
        return ""
    return written if len(written) <= 20_000 else ""
