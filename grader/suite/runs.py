"""Runs of exchanges in a transcript that differ by numbers at most: shown once, with how often they came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from grader.repro.runs import Framed, Run, runs
from grader.suite.shortly import shortly

ANSWER = "# -> "
#: The lines of one call, or of one exchange and its answer.
Block = tuple[str, ...]

_LISTED = 8  # values of a word that changes
_LENGTH = 40  # characters of such a value
_WORD = re.compile(r"\w[\w.-]*(?::+\w[\w.-]*)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def collapsed(blocks: Sequence[Block]) -> Iterator[tuple[Block, range]]:
    """The blocks, each with its place; for those that a remark stands for, the remark with their places. Only where
    there is an exchange among them: a call is short, and is best shown as it was.
    """

    def is_worth_it(run: Run) -> bool:
        its = blocks[run.start : run.start + run.period]
        return any(map(_is_exchange, its)) and (run.times > 1 or not run.columns)

    for run in runs(list(map(_framed, blocks)), is_worth_it):
        again = run.start + run.period
        yield from ((blocks[place], range(place, place + 1)) for place in range(run.start, again))
        if run.times:
            yield (_remark(blocks[run.start : again], run.times, run.columns),), range(again, run.end)


def _framed(block: Block) -> Framed:
    """The block without the numbers that it asks with, and the words that these are in. Answers stay as they are."""
    frame, found = list[str](), list[str]()
    for line in block:
        call, sign, answer = line.partition("  # ")
        if not line.startswith("#") or line.startswith("# > "):
            found += [word for word in _WORD.findall(call) if _NUMBER.search(word)]
            call = _NUMBER.sub("0", call)
        frame.append(call + sign + answer)
    return tuple(frame), found


def _is_exchange(block: Block) -> bool:
    return block[-1].startswith(ANSWER) or block[0].startswith(("websocat ", "# > "))


def _remark(blocks: Sequence[Block], times: int, columns: Iterable[list[str]]) -> str:
    """``# the same 7 more times, each 401, with name-1 to name-7 for name-0``."""
    what = {1: "the same", 2: "both calls"}.get(len(blocks), f"all {len(blocks)} calls")
    often = "once more" if times == 1 else f"{times} more times"
    statuses = {block[-1].removeprefix(ANSWER).partition(" ")[0] for block in blocks if block[-1].startswith(ANSWER)}
    status = statuses.pop() if len(statuses) == 1 else ""
    answered = f", {'each ' if times > 1 else ''}{status}" if status.isdigit() else ", with the same answers"
    words = " and ".join(f"{_spelled(after)} for {shortly(first, _LENGTH, quote=False)}" for first, *after in columns)
    return f"# {what} {often}{answered}{words and f', with {words}'}"


def _spelled(words: list[str]) -> str:
    """``a1, b2``, ``a1 to a9`` or ``a1, c3, b2, ... a4``."""
    shown = [shortly(word, _LENGTH, quote=False) for word in words]
    parts = [re.split(r"(\d+)(?=\D*$)", word) for word in words]
    counted = [int(number) for _, number, _ in parts]
    is_one = len({(before, after) for before, _, after in parts}) == 1
    if is_one and len(words) > 2 and counted == list(range(counted[0], counted[0] + len(words))):
        return f"{shown[0]} to {shown[-1]}"
    if len(set(shown)) == 1:
        return shown[0]
    return ", ".join(shown if len(shown) <= _LISTED else [*shown[:3], f"... {shown[-1]}"])
