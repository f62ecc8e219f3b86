"""Runs of statements that differ by constants at most, as loops."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from grader.repro.runs import Framed, Run, runs

_LEAST = 2  # times more
_VARIABLES = ("each", "other")
_ROW = 100  # characters of the values that one line has


def looped(statements: Sequence[Sequence[str]], may_be: Sequence[bool]) -> list[str]:
    """The lines of all statements; of a run of those that ``may_be`` in a loop, a loop."""
    taken = re.search(rf"\b({'|'.join(_VARIABLES)})\b", "\n".join(line for lines in statements for line in lines))
    framed = [
        _framed("\n".join(lines)) if is_free and not taken else None
        for lines, is_free in zip(statements, may_be, strict=True)
    ]
    things = [thing or ((f"{number}\0",), []) for number, thing in enumerate(framed)]  # no two of the others are alike
    found = list[str]()
    for run in runs(things, lambda run: run.times >= _LEAST):
        if run.times:
            found += _loop(run, things[run.start : run.start + run.period])
        else:
            found += statements[run.start]
    return found


def _framed(source: str) -> Framed | None:
    """What stands between the constants, and the constants as they are written; those inside of an f-string are parts
    of what stands between them.
    """
    if not source.isascii():
        return None  # columns are bytes
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    frame, constants, end = list[str](), list[str](), 0
    for node in sorted(_constants(ast.parse(source)), key=lambda node: (node.lineno, node.col_offset)):
        start = starts[node.lineno - 1] + node.col_offset
        frame.append(source[end:start])
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        constants.append(source[start:end])
    return (*frame, source[end:]), constants


def _constants(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Constant):
        yield node
    elif not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _constants(child)


def _loop(run: Run, things: Sequence[Framed]) -> Iterator[str]:
    names = _VARIABLES[: len(run.columns)]
    if names:
        rows = [", ".join(row) for row in zip(*run.columns, strict=True)]
        yield from _head(", ".join(names), rows if len(names) == 1 else [f"({row})" for row in rows])
    else:
        yield f"for _ in range({run.times + 1}):"
    place = 0
    for (*between, last), constants in things:
        body = ""
        for before, constant in zip(between, constants, strict=True):
            body += before + (names[run.places[place]] if place in run.places else constant)
            place += 1
        yield from (f"    {line}" for line in (body + last).splitlines())


def _head(names: str, values: Sequence[str]) -> Iterator[str]:
    line = f"for {names} in ({', '.join(values)}):"
    if len(line) <= _ROW:
        yield line
        return
    yield f"for {names} in ("
    row = ""
    for value in values:
        if row and len(row) + len(value) > _ROW:
            yield f"    {row.rstrip()}"
            row = ""
        row += f"{value}, "
    yield from (f"    {row.rstrip()}", "):")
