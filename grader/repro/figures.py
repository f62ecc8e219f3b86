"""Which bounds a number is beyond that all runs of right solutions stay within, also where no two runs give the same:
then two figures of one run are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

from grader.repro.program import Decision
from grader.repro.runtime import Raised
from grader.repro.verdict import alike, at, is_number, ratio, tally

#: What each step gave, by its number.
Run = dict[int, Any]

_LABELS = 6  # different replies to calls that are under way together
_FAR = 100.0  # times a right solution's: a ratio to nearly nothing is another one the next time
_TIMES = 1.5  # by which two figures of one run must be further apart, or nearer, than for any right solution


def growths(came: Run, runs: list[Run], measured: dict[int, str]) -> Iterator[Decision]:
    """The last two costs, where the second is many times the first as it is for no right solution."""
    costs = [number for number, name in measured.items() if name.startswith("cpu") and number in came]
    if len(costs) < 2 or not all(costs[-1] in run for run in runs):
        return
    first, last = costs[-2:]

    def growth(run: Run) -> float:
        return float(run[last] / max(run[first], 1e-4))

    theirs, mine = max(map(growth, runs)), growth(came)
    if mine > 2 * theirs:
        bound = round((mine * max(theirs, 1.0)) ** 0.5, 1)
        got = f"round(came / max({measured[first]}, 1e-4), 1)"
        yield Decision(last, got, f"got <= {bound!r}", f"at most {bound!r} times the CPU time of the smaller size")


def differences(came: Run, runs: list[Run], steps: list[str], names: dict[int, str]) -> Iterator[Decision]:
    """How much a reading has grown since the same was read before."""
    for number, step in enumerate(steps):
        before = [place for place in range(number) if steps[place] == step and place in names]
        if not before or not step.startswith("driver."):
            continue
        for place in {before[0], before[-1]}:
            if all(is_number(run.get(place)) and is_number(run.get(number)) for run in (came, *runs)):
                mine, *theirs = [run[number] - run[place] for run in (came, *runs)]
                for _, decision in bounded(number, f"came - {names[place]}", mine, theirs, 0):
                    yield decision


def repeats(came: Run, runs: list[Run], steps: list[str], names: dict[int, str]) -> Iterator[Decision]:
    """A reply that came before, to the same call, which never happens to right solutions."""
    for number, step in enumerate(steps):
        before = next((place for place in names if place < number and steps[place] == step), None)
        if before is None or not all(before in run and number in run for run in (came, *runs)):
            continue
        if alike(came[number], came[before]) and not any(alike(run[number], run[before]) for run in runs):
            unlike = f"not alike(got, plain({names[before]}))"
            yield Decision(number, "plain(came)", unlike, "another reply than before")


def coincidences(came: Run, runs: list[Run], names: dict[int, str]) -> Iterator[Decision]:
    """A text in a reply that stood at the same place of an earlier one, which never happens to right solutions."""
    everywhere = (came, *runs)
    for number, before in product([number for number, value in came.items() if isinstance(value, dict)], names):
        if before >= number or not all(before in run and number in run for run in everywhere):
            continue
        for path, value in _texts(came[number], ()):
            mine, *theirs = [(at(run[number], *path), at(run[before], *path)) for run in everywhere]
            if value == mine[1] and not any(alike(*pair) for pair in theirs):
                place = "".join(f", {key!r}" for key in path)
                unlike = f"not alike(got, at({names[before]}{place}))"
                yield Decision(number, f"at(came{place})", unlike, "another than before")


def _texts(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The texts in dictionaries of dictionaries."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif type(value) is str:
        yield path, value


def crowds(came: Run, runs: list[Run], together: list[list[int]]) -> Iterator[Decision]:
    """How many of the replies to calls under way together say the same: which of them does is left to chance."""
    for group in together:
        replies = [[run.get(number) for number in group] for run in (came, *runs)]
        if any(isinstance(reply, (Raised, type(None))) for run in replies for reply in run):
            continue
        tasks = f"[{', '.join(f'task{number}.result()' for number in sorted(group))}]"
        for column in _common(replies):
            labels = dict.fromkeys(at(reply, column) for run in replies for reply in run)
            for label in labels if len(labels) <= _LABELS else ():
                mine, *theirs = [tally(run, label=label, column=column) for run in replies]
                got = f"tally({tasks}, label={label!r}, column={column!r})"
                for _, decision in bounded(group[-1], got, mine, theirs, 0):
                    yield decision


def _common(replies: list[list[Any]]) -> list[str]:
    """The names under which every reply has a number or a text."""
    flat = [reply for run in replies for reply in run]
    if not all(isinstance(reply, dict) for reply in flat):
        return []
    return [name for name in flat[0] if all(type(reply.get(name)) in (int, str, bool) for reply in flat)]


def ratios(number: int, mine: Any, theirs: list[Any]) -> Iterator[Decision]:
    """How many times one number in a reply is another one."""
    if not isinstance(mine, dict):
        return
    for of, to in permutations([key for key, value in mine.items() if is_number(value)], 2):
        came, *others = [ratio(each, of=of, to=to) for each in (mine, *theirs)]
        if not all(is_number(each) and each > 0 for each in (came, *others)):
            continue
        got, high = f"ratio(came, of={of!r}, to={to!r})", max(others)
        if came > _TIMES * high:
            bound = round(high * min(came / high, _FAR) ** 0.5, 3)
            yield Decision(number, got, f"is_number(got) and got <= {bound!r}", f"at most {bound!r} times {to}")


def bounded(number: int, got: str, mine: Any, theirs: list[Any], weight: int) -> Iterator[tuple[int, Decision]]:
    """A number that is beyond all of theirs."""
    if not all(is_number(other) for other in theirs) or any(value != value for value in (mine, *theirs)):
        return
    low, high = min(theirs), max(theirs)
    if is_address(mine) or is_address(high):
        return
    if low != high and (mine < high * 1.5 + 1):
        return  # such as the number of a process, or of a thread
    if mine > high:
        bound = _between(high, mine)
        yield (
            weight,
            Decision(number, got, f"is_number(got) and got <= {bound!r}", f"at most {bound!r}", mine=repr(mine)),
        )
    elif mine < low:
        bound = -_between(-low, -mine) if low > 0 or mine < 0 else low
        yield (
            weight,
            Decision(number, got, f"is_number(got) and got >= {bound!r}", f"at least {bound!r}", mine=repr(mine)),
        )


def _between(low: Any, high: Any) -> Any:
    """A bound nearer to ``low`` than to ``high``; whole where they are."""
    if isinstance(low, int) and isinstance(high, int):
        return low + (high - low - 1) // 2
    if low > 0 and high / low > 4:
        return (low * high) ** 0.5
    return (low + high) / 2


def is_address(value: Any) -> bool:
    """Whether a number is such as names a thread or a place in memory."""
    return type(value) is int and value > 1 << 40
