"""suite.py -> its checks, read from the source without running it.

``grader list`` and ``grader show`` need titles and points, not pytest: so every argument of ``@check(...)``
is a literal.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter
from pathlib import Path
from typing import Any

from grader.errors import ExerciseError
from grader.model import STAGES, Check

EXAMPLE = '@check("a read counts as a use", points=8, stage="core", hint="Does get() change the order?")'
MARKER = "check"

_KINDS = {"title": str, "points": int, "stage": str, "hint": str, "needs": tuple, "milestone": str, "ahead": bool}
_REQUIRED = ("title", "points", "stage", "hint")


def read_checks(path: Path) -> tuple[Check, ...]:
    """The checks of the suite at ``path``, in the order they are written."""
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        raise ExerciseError(path, "is missing", "an exercise is graded by its suite") from None
    return _read(path, source)


@functools.lru_cache(maxsize=64)  # whoever grades many submissions asks for the same suites again
def _read(path: Path, source: bytes) -> tuple[Check, ...]:
    try:
        tree = ast.parse(source, str(path))
    except (SyntaxError, ValueError) as error:
        raise ExerciseError(path, f"is not valid Python: {error}") from None
    checks = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [decorator for decorator in node.decorator_list if _is_mark(decorator)]
            if node in tree.body and node.name.startswith("test"):
                checks.append(_read_check(path, node, marks))
            elif marks:
                fault = f"{node.name} is marked as a check but is not a test"
                raise ExerciseError(path, fault, "a check is a function test_... at the top of the file", node.lineno)
    _refuse_twins(path, checks)
    return tuple(checks)


def _read_check(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef, marks: list[ast.expr]) -> Check:
    def fault(what: str, mend: str = f"write, for example: {EXAMPLE}") -> ExerciseError:
        return ExerciseError(path, f"{node.name} {what}", mend, node.lineno)

    if not marks:
        raise fault("is not marked as a check")
    if len(marks) > 1 or node.decorator_list[0] is not marks[0]:
        raise fault("has its mark in the wrong place", "write one @check(...), as the first decorator")
    if not isinstance(marks[0], ast.Call) or len(marks[0].args) != 1:
        raise fault("has a mark without a title")
    given: dict[str, Any] = {}
    for name, value in [("title", marks[0].args[0]), *((word.arg, word.value) for word in marks[0].keywords)]:
        if name not in _KINDS:
            raise fault(f"has an unknown argument {name}", f"known are: {', '.join(_KINDS)}")
        try:
            given[name] = ast.literal_eval(value)
        except ValueError:
            raise fault(f"has a {name} that is not a literal", "write the value itself, not a name") from None
        if type(given[name]) is not _KINDS[name]:
            raise fault(f"has the {name} {given[name]!r}, which is not a {_KINDS[name].__name__}")
    for name in _REQUIRED:
        if name not in given:
            raise fault(f"has no {name}")
        if type(given[name]) is str and not given[name].strip():
            raise fault(f"has an empty {name}")
    if given["points"] <= 0:
        raise fault(f"has {given['points']} points", "write a whole number above 0")
    if given["stage"] not in STAGES:
        raise fault(f"has the stage {given['stage']!r}", f"write one of {', '.join(STAGES)}")
    if not all(type(need) is str for need in given.get("needs", ())):
        raise fault(f"has the needs {given['needs']!r}", 'write names, for example: needs=("processes",)')
    return Check(id=node.name, **given)


def _refuse_twins(path: Path, checks: list[Check]) -> None:
    """Ids and titles are how people and reports tell checks apart."""
    for names, what in (
        ([check.id for check in checks], "name"),
        ([check.title for check in checks], "title"),
    ):
        for name, times in Counter(names).items():
            if times > 1:
                raise ExerciseError(path, f"{times} checks have the {what} {name!r}", f"give each its own {what}")


def _is_mark(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return target.id == MARKER if isinstance(target, ast.Name) else False
