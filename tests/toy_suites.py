"""Suites written within a test, and what grading a submission by them comes to."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import grading
from grader.cell.launcher import Launcher
from grader.cell.levels import Cells
from grader.model import (
    CellNeeds,
    CheckResult,
    Exercise,
    ExerciseReport,
    Isolation,
    Level,
    Limits,
    Submission,
)

HEAD = """
import asyncio
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from grader.suite import check, fields, raises
"""

SEED = 7


class Suites:
    """Grades submissions by suites, in cells that are kept warm between the tests."""

    def __init__(self, folder: Path, launcher_of: Callable[[Level], Launcher]) -> None:
        self.folder = folder
        self._launcher_of = launcher_of
        self.limits = Limits(call_s=10.0)
        self.needs = CellNeeds()

    def exercise(self, suite: str, driver: str = "") -> Exercise:
        """An exercise ``toy/toy`` whose suite is ``suite``, behind some usual imports."""
        hidden = self.folder / "solutions"
        hidden.mkdir(exist_ok=True)
        (hidden / "suite.py").write_text(suite)
        if driver:
            (hidden / "driver.py").write_text(textwrap.dedent(driver))
        return Exercise(
            "toy/toy", "Toy", "1", 10, "easy", (), "", (), self.needs, self.limits, self.folder / "exercise", hidden
        )

    def grade(
        self,
        suite: str,
        submission: str,
        *,
        driver: str = "",
        level: Level = Level.BARE,
        seed: int = SEED,
        **options: Any,
    ) -> ExerciseReport:
        """The report of ``submission`` by the checks of ``suite``, which may be marked as shortly as ``@check(10)``."""
        numbers = itertools.count(1)
        marked = re.sub(
            r"@check\((\d+)",
            lambda mark: f'@check("title {next(numbers)}", points={mark[1]}, stage="core", hint="hint"',
            textwrap.dedent(suite),
        )
        exercise = self.exercise(HEAD + marked, driver)
        files = {"toy.py": textwrap.dedent(submission).encode()}
        return self.report(exercise, files, level=level, seed=seed, **options)

    def report(
        self,
        exercise: Exercise,
        files: dict[str, bytes],
        *,
        level: Level = Level.BARE,
        seed: int = SEED,
        **options: Any,
    ) -> ExerciseReport:
        """The report of a submission's files."""
        return self.reports([(exercise, Submission("a test", files))], level=level, seed=seed, **options)[0]

    def reports(
        self, jobs: Sequence[tuple[Exercise, Submission]], *, level: Level, seed: int = SEED, **options: Any
    ) -> Sequence[ExerciseReport]:
        """The reports of several submissions."""
        cells = _WarmCells(self._launcher_of(level))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grading, "open_cells", lambda *_, **__: cells)
            return grading.grade(jobs, seed=seed, **options).exercises

    def check(self, suite: str, submission: str, **options: Any) -> CheckResult:
        """The result of a suite's only check."""
        (result,) = self.grade(suite, submission, **options).checks
        return result


class _WarmCells(Cells):
    """Cells of a launcher that others go on using."""

    def __init__(self, launcher: Launcher) -> None:
        super().__init__(Isolation(launcher.level), SEED, {(): launcher})

    def close(self) -> None:
        """The launcher is not ours to close."""


def verdicts(report: ExerciseReport) -> dict[str, str]:
    """Check id -> verdict."""
    return {result.check.id: str(result.verdict) for result in report.checks}


def without_times(report: ExerciseReport) -> ExerciseReport:
    """The report as it should be in every run."""
    return replace(report, seconds=0.0, checks=tuple(replace(result, seconds=0.0) for result in report.checks))
