"""Which step of a recording decides, and by what: where the recorded run differs from all runs of right solutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from grader.repro import verdict
from grader.repro.figures import (
    Run,
    bounded,
    coincidences,
    crowds,
    differences,
    growths,
    is_address,
    ratios,
    repeats,
)
from grader.repro.program import Decision
from grader.repro.rows import columns, of_rows
from grader.repro.runtime import Raised, Record, Text
from grader.repro.verdict import alike, at, is_number

_MOST = 40  # decisions that are worth trying
_DEPTH = 4
_ROWS = 30
_LISTED = re.compile(r"\[[^]]*\]")  # of a message: what is named, not counted
_BY_CHANCE = 100  # by which a decision is worse that chance may make
_WORD = 4  # letters of a text that may have been drawn


def decisions(
    came: Run,
    compared: tuple[Any, Any],
    runs: list[Run],
    steps: list[str],
    names: dict[int, str],
    measured: set[int],
    together: list[list[int]],
    message: str,
) -> list[Decision]:
    """The possible decisions, the best first. ``names`` are the variables that hold what steps gave; what is
    ``measured`` is never twice the same, such as CPU seconds; of those that were under way ``together`` any may have
    been the first.
    """
    ranked = [(10, 0, decision) for decision in growths(came, runs, {number: names[number] for number in measured})]
    ranked += [(25, 0, decision) for decision in crowds(came, runs, together)]
    ranked += [(45, 0, decision) for decision in differences(came, runs, steps, names)]
    ranked += [(70, 0, decision) for decision in repeats(came, runs, steps, names)]
    ranked += [(72, 0, decision) for decision in coincidences(came, runs, names)]
    for number in range(len(steps)):
        if not runs or not all(number in run for run in runs):
            break
        if number not in came or number in measured:
            continue
        rank = len(steps) - number
        theirs = [_named_like(came[number], run[number]) for run in runs]
        later = _BY_CHANCE if any(number in group for group in together) else 0
        is_racy = "driver." in steps[number] or any(group[-1] < number for group in together)
        for weight, decision in _of_step(number, came[number], theirs, compared, is_racy):
            ranked.append((weight + later, rank, decision))
        if any(isinstance(value, Raised) != isinstance(came[number], Raised) for value in theirs):
            break  # from here on the two programs are not the same
    told = set(re.findall(r"\d+", _LISTED.sub("", message)))
    told |= {str(len(compared[0]))} if isinstance(compared[0], (list, set, tuple, dict)) else set()
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
            yield from of_rows(number, arguments, path, mine, theirs, value)
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
    elif isinstance(value, (tuple, list)) and len(value) <= _ROWS and not (is_racy and columns(value) != [None]):
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
    elif alike(mine, compared[0]) or alike(first, compared[1]) or _are_parts(mine, first, *compared):
        weight -= 20
    written = source(first)
    if written:
        demand, expected = f"alike(got, {written})", verdict.short(first)
        yield weight, Decision(number, got, demand, expected, is_compared=is_compared)


def _named_like(mine: Any, other: Any) -> Any:
    """The other value by its name alone, if more cannot be said of mine, which is of the same class."""
    if isinstance(mine, Text) and isinstance(other, Record) and mine == f"<{other.name} object>":
        return mine
    return other


def _are_parts(mine: Any, first: Any, left: Any, right: Any) -> bool:
    """Whether two values stood at one place of two tuples or lists that were compared."""
    if not isinstance(left, (tuple, list)) or not isinstance(right, (tuple, list)):
        return False
    return any(alike(mine, one) and alike(first, other) for one, other in zip(left, right, strict=False))


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
