"""exercise.toml and wrong.toml -> values.

Unknown keys are refused, so that a slip of the pen does not become a silent default.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from grader.catalog import layout
from grader.errors import ExerciseError
from grader.model import DIFFICULTIES, CellNeeds, Exercise, Limits, Verdict, WrongSolution

FORMAT = 1


class Table:
    """One table of a TOML file, read key by key; ``close`` refuses what nobody asked for."""

    def __init__(self, path: Path, values: Mapping[str, Any], name: str = "") -> None:
        self.path = path
        self.values = values
        self.name = name
        self.asked: list[str] = []

    def fault(self, key: str, what: str, mend: str = "") -> ExerciseError:
        return ExerciseError(self.path, f"{self.name + '.' if self.name else ''}{key} {what}", mend)

    def take(self, key: str, kind: type, example: str, default: Any = MISSING) -> Any:
        """The value of ``key``, which must be exactly of ``kind``; a whole number will do for a float."""
        self.asked.append(key)
        if key not in self.values:
            if default is not MISSING:
                return default
            near = difflib.get_close_matches(key, self.values, 1)
            mend = f"did you mean {near[0]}?" if near else f"write a line such as: {key} = {example}"
            raise self.fault(key, "is missing", mend)
        value = self.values[key]
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise self.fault(key, f"is {value!r}", f"write, for example: {key} = {example}")
        return value

    def text(self, key: str, example: str) -> str:
        value: str = self.take(key, str, f'"{example}"')
        if not value.strip():
            raise self.fault(key, "is empty", f'write, for example: {key} = "{example}"')
        return value

    def names(self, key: str, example: str, default: Any = MISSING) -> tuple[str, ...]:
        values = self.take(key, list, f'["{example}"]', default)
        if not all(type(value) is str and value for value in values):
            raise self.fault(key, f"is {values!r}", f'write, for example: {key} = ["{example}"]')
        return tuple(values)

    def table(self, key: str) -> Table:
        """The table of that name below this one; an empty one when it is not there."""
        return Table(self.path, self.take(key, dict, "a table", {}), key)

    def close(self) -> None:
        for key in self.values:
            if key not in self.asked:
                near = difflib.get_close_matches(key, self.asked, 1)
                mend = f"did you mean {near[0]}?" if near else f"known are: {', '.join(self.asked)}"
                raise self.fault(key, "is an unknown key", mend)


def read_exercise(root: Path, track: str, module: str) -> Exercise:
    """The exercise in ``exercises/<track>/<module>``, as its exercise.toml describes it."""
    folder = layout.exercises(root) / track / module
    for name in (track, module):
        if fault := layout.fault_of_name(name):
            raise ExerciseError(folder, fault, "rename the folder")
    path = layout.manifest(folder)
    table = Table(path, _load(path, "every exercise has one; `grader new` writes it"))
    if table.take("format", int, str(FORMAT)) != FORMAT:
        raise table.fault("format", f"is {table.values['format']}", f"this grader reads format {FORMAT}")
    difficulty = table.text("difficulty", "medium")
    if difficulty not in DIFFICULTIES:
        raise table.fault("difficulty", f"is {difficulty!r}", f"write one of {', '.join(DIFFICULTIES)}")
    minutes = table.take("minutes", int, "30")
    if minutes <= 0:
        raise table.fault("minutes", f"is {minutes}", "write how long an interviewer would give, such as 30")
    exercise = Exercise(
        name=f"{track}/{module}",
        title=table.text("title", "LRU cache"),
        day=table.text("day", "10"),
        minutes=minutes,
        difficulty=difficulty,
        topics=table.names("topics", "caching"),
        source=table.text("source", 'design round "Design LRU Cache"'),
        services=table.names("services", "redis", ()),
        cell=_cell(table.table("cell")),
        limits=_limits(table.table("limits")),
        folder=folder,
        hidden=layout.solutions(root) / track / module,
    )
    table.close()
    return exercise


def read_wrong_solutions(exercise: Exercise) -> tuple[WrongSolution, ...]:
    """The mistakes that the suite must catch, in the order of wrong.toml; folders and tables must agree."""
    path = layout.wrong_table(exercise)
    mistakes = _load(path, "it names, for every folder of wrong/, the checks that must fail")
    there = {folder.name: folder for folder in layout.wrong_solutions(exercise)}
    for name in there.keys() - mistakes.keys():
        raise ExerciseError(path, f"wrong/{name} has no table", f"add [{name}] with why and fails")
    wrong = []
    for name, values in mistakes.items():
        if name not in there:
            near = difflib.get_close_matches(name, there, 1)
            mend = f"did you mean [{near[0]}]?" if near else f"add the folder wrong/{name} or remove the table"
            raise ExerciseError(path, f"[{name}] has no folder in wrong/", mend)
        wrong.append(_wrong_solution(path, name, values, there[name]))
    return tuple(wrong)


def _wrong_solution(path: Path, name: str, values: Any, folder: Path) -> WrongSolution:
    if type(values) is not dict:
        raise ExerciseError(path, f"{name} is {values!r}", f"write a table: [{name}]")
    table = Table(path, values, name)
    verdict = table.take("verdict", str, '"timeout"', "")
    if verdict and verdict not in list(Verdict):
        raise table.fault("verdict", f"is {verdict!r}", f"write one of {', '.join(Verdict)}")
    wrong = WrongSolution(
        name=name,
        why=table.text("why", "evicts by age of insertion, not by last use"),
        fails=table.names("fails", "test_read_refreshes"),
        may_fail=table.names("may_fail", "test_model", ()),
        verdict=Verdict(verdict) if verdict else None,
        folder=folder,
    )
    table.close()
    if not wrong.fails:
        raise table.fault("fails", "is empty", "name at least one check that catches this mistake")
    return wrong


def _cell(table: Table) -> CellNeeds:
    needs = CellNeeds(
        preload=table.names("preload", "httpx", ()),
        processes=table.take("processes", bool, "true", default=False),
        writable=table.take("writable", bool, "true", default=False),
    )
    table.close()
    return needs


def _limits(table: Table) -> Limits:
    def positive(limit: Field[Any]) -> Any:
        value = table.take(limit.name, type(limit.default), "60", limit.default)
        if value <= 0:
            raise table.fault(limit.name, f"is {value}", "write a number above 0")
        return value

    limits = Limits(**{limit.name: positive(limit) for limit in fields(Limits)})
    table.close()
    return limits


def _load(path: Path, purpose: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExerciseError(path, "is missing", purpose) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExerciseError(path, f"is not valid TOML: {error}") from None
