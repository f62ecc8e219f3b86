"""Proves what a learner reads: for each wrong solution the texts are those that were reviewed, a repro file shows the
fault and not the reference's, and nothing of the suite is told.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from functools import cache
from pathlib import Path
from statistics import median

from grader.catalog import layout
from grader.catalog.submission import read_submission
from grader.errors import shown
from grader.grading import grade
from grader.kept_texts import merged, recording_of
from grader.model import CheckResult, Exercise, ExerciseReport, Verdict, WrongSolution
from grader.repro.proof import program_faults
from grader.secrecy import suite_lines
from grader.spawning import spawned

SEED = 20_260_101
_WORDED_BY = (3, 11)  # the interpreter of the kept texts; others word some errors in another way
_WATCHERS = 4  # processes that look for programs, most of which wait
_SHARE = 6  # wrong solutions that one of them takes at once
MOST_LINES = 8  # of calls in the median transcript of the properties that failed
_ENOUGH = 10  # properties, of which there is a median that says something
_SECOND_LOOKS = 2  # alone, for what no program has shown
_MOST_CHANGED = 10  # lines that are told of a text that differs

#: The folder of a wrong solution, and those checks that it must fail and failed.
_Failing = tuple[Path, list[CheckResult]]


class Feedback:
    """Judges reports of wrong solutions. ``record`` writes their texts instead of comparing them."""

    def __init__(self, *, record: bool, parallel: int) -> None:
        self.record = record
        self.repros = 0  # programs that show their faults
        self.lines: list[int] = []  # of calls, in the transcript of each property that failed
        self._parallel = parallel
        self._programs = spawned(min(parallel, _WATCHERS))
        self._searches: dict[str, list[tuple[list[_Failing], Future[list[str]]]]] = {}  # by exercise
        self._failing: list[tuple[Exercise, Path, set[str]]] = []  # the properties that a wrong solution fails

    def close(self) -> None:
        self._programs.shutdown(cancel_futures=True)

    def text_faults(self, exercise: Exercise, solution: WrongSolution, report: ExerciseReport) -> Iterator[str]:
        """What is wrong with what a learner reads of one report."""
        path = layout.messages(exercise, solution)
        known = path.read_text(encoding="utf-8") if path.is_file() else ""
        stated = _words(layout.statement(exercise))
        text = "\n".join(merged(result, known, stated) for result in _named(report, solution))
        if self.record:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif text != known and sys.version_info[:2] == _WORDED_BY:
            what = "is not what was reviewed" if known else "was never reviewed"
            told = f"{shown(path)}: what a learner reads {what}; `verify --record` writes it, then read the difference"
            yield "\n".join([told, *_difference(known, text)])
        source = suite_lines(layout.suite(exercise))
        for result in report.checks:
            for line in source:
                if line in result.message or line in result.transcript:
                    yield f"{shown(solution.folder)}: {result.check.id} tells the suite's source: {line}"

    def begin(self, exercise: Exercise, wrong: Sequence[WrongSolution], reports: Sequence[ExerciseReport]) -> None:
        """Has programs looked for that show the faults of the wrong solutions, beside all else."""
        named = [(solution.folder, _named(report, solution)) for solution, report in zip(wrong, reports, strict=True)]
        failing = [(folder, failed) for folder, failed in named if failed]
        shares = (failing[first : first + _SHARE] for first in range(0, len(failing), _SHARE))
        self._searches[exercise.name] = [
            (each, self._programs.submit(program_faults, exercise, each)) for each in shares
        ]
        for folder, failed in failing:
            self._failing.append((exercise, folder, {each.check.id for each in failed if _is_property(each)}))

    def ended(self, exercise: Exercise) -> tuple[list[str], list[str]]:
        """For which wrong solutions of an exercise no program shows the fault, and for which one did later, alone."""
        wait([search for shares in self._searches.values() for _, search in shares])
        shares = self._searches[exercise.name]
        failing = [wrong for share, _ in shares for wrong in share]
        found = [fault for _, search in shares for fault in search.result()]
        first = {folder: fault for (folder, _), fault in zip(failing, found, strict=True) if fault}
        left = first
        for _ in range(_SECOND_LOOKS):
            wrong = [each for each in failing if each[0] in left]
            again = self._programs.submit(program_faults, exercise, wrong).result() if wrong else []
            left = {folder: fault for (folder, _), fault in zip(wrong, again, strict=True) if fault}
        self.repros += len(failing) - len(left)
        return list(left.values()), [fault for folder, fault in first.items() if folder not in left]

    def summary(self) -> Iterator[str]:
        """What of all exercises together is a fault. Has each property that failed fail once more, as learners see it:
        with examples made small.
        """
        chosen = list(_covering(self._failing))
        jobs = [(exercise, read_submission(exercise, folder)) for exercise, folder, _ in chosen]
        graded = grade(jobs, seed=SEED, parallel=self._parallel).exercises if jobs else ()
        for (_, _, properties), report in zip(chosen, graded, strict=True):
            for result in report.checks:
                if result.check.id in properties and result.verdict is not Verdict.PASSED:
                    lines = result.transcript.splitlines()
                    self.lines.append(sum(not line.startswith(("#", "from ", "import ")) for line in lines))
        if len(self.lines) >= _ENOUGH and median(self.lines) > MOST_LINES:
            yield f"the median transcript of a property that failed has {median(self.lines):g} lines of calls"


def _difference(known: str, text: str) -> list[str]:
    """The lines that are new and those that are gone; the first ones."""
    lines = difflib.unified_diff(known.splitlines(), text.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return [f"      {line}" for line in changed[:_MOST_CHANGED]]


def _named(report: ExerciseReport, solution: WrongSolution) -> list[CheckResult]:
    """The failed checks that a wrong solution is to fail."""
    passed = (Verdict.PASSED, Verdict.NOT_GRADED)
    return [result for result in report.checks if result.verdict not in passed and result.check.id in solution.fails]


def _is_property(result: CheckResult) -> bool:
    """Whether a check failed for an example that was drawn."""
    recording = recording_of(result.recording)
    return recording is not None and recording.is_property


def _covering(failing: Iterable[tuple[Exercise, Path, set[str]]]) -> Iterator[tuple[Exercise, Path, set[str]]]:
    """Few wrong solutions that fail all properties, each with those that no earlier one fails."""
    left = [(exercise, folder, set(properties)) for exercise, folder, properties in failing]
    while any(properties for _, _, properties in left):
        exercise, folder, most = max(left, key=lambda each: len(each[2]))
        yield exercise, folder, most
        left = [(each, at, fails - most if each is exercise else fails) for each, at, fails in left]


@cache
def _words(statement: Path) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", statement.read_text(encoding="utf-8")))
