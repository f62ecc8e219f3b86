"""Proves what a learner reads: for each wrong solution the texts are those that were reviewed, a repro file shows the
fault and not the reference's, and nothing of the suite is told.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median

import msgspec

from grader.catalog import layout
from grader.catalog.submission import read_submission
from grader.errors import shown
from grader.grading import grade
from grader.model import CheckResult, Exercise, ExerciseReport, Verdict, WrongSolution
from grader.repro.proof import Unshown, candidates, run
from grader.repro.steps import Recording

SEED = 20_260_101
MOST_LINES = 8  # of calls in the median transcript of the properties that failed
_TRIES = 12
_NUMBER = re.compile(r"\b(?=[a-f-]*\d)[0-9a-f-]{12,}\b|\d[\d_,.]*(?:e-?\d+)?")
_RACY_LENGTH = 70
_SHORTEST = 16  # characters of a suite's source that count as told


@dataclass
class Feedback:
    """Judges reports of wrong solutions. ``record`` writes their texts instead of comparing them."""

    record: bool
    parallel: int
    repros: int = 0
    properties: list[int] = field(default_factory=list)  # lines of calls in the transcript of each that failed

    def faults(
        self, exercise: Exercise, wrong: Sequence[WrongSolution], reports: Sequence[ExerciseReport]
    ) -> Iterator[str]:
        """What is wrong with the texts of one exercise."""
        source = _suite_lines(exercise)
        jobs: list[Callable[[], str]] = []
        for solution, report in zip(wrong, reports, strict=True):
            failed = [result for result in report.checks if _is_named(result, solution)]
            yield from self._text_faults(exercise, solution, failed)
            for result in report.checks:
                for line in source:
                    if line in result.message or line in result.transcript:
                        yield f"{shown(solution.folder)}: {result.check.id} tells the suite's source: {line}"
            if failed:
                jobs.append(lambda solution=solution, result=failed[0]: _repro_fault(exercise, solution, result))  # type: ignore[misc]
        with ThreadPoolExecutor(self.parallel) as pool:
            faults = list(pool.map(lambda job: job(), jobs))
        self.repros += faults.count("")
        yield from filter(None, faults)
        self._measure(exercise, wrong, reports)

    def summary(self) -> Iterator[str]:
        """What was proven, and what of all exercises together is a fault."""
        if self.properties and median(self.properties) > MOST_LINES:
            yield f"the median transcript of a property that failed has {median(self.properties):g} lines of calls"

    def _text_faults(self, exercise: Exercise, solution: WrongSolution, failed: Sequence[CheckResult]) -> Iterator[str]:
        path = layout.messages(exercise, solution)
        text = "\n".join(map(_kept_text, failed))
        if self.record:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        known = path.read_text(encoding="utf-8") if path.is_file() else ""
        if known != text:
            what = "is not what was reviewed" if known else "was never reviewed"
            yield f"{shown(path)}: what a learner reads {what}; `verify --record` writes it, then read the difference"

    def _measure(self, exercise: Exercise, wrong: Sequence[WrongSolution], reports: Sequence[ExerciseReport]) -> None:
        """Grades one wrong solution for each property once more, as learners are graded: with examples made small."""
        chosen: dict[str, WrongSolution] = {}
        for solution, report in zip(wrong, reports, strict=True):
            for result in report.checks:
                if _is_property(result):
                    chosen.setdefault(result.check.id, solution)
        jobs = [(exercise, read_submission(exercise, solution.folder)) for solution in chosen.values()]
        again = grade(jobs, seed=SEED, parallel=self.parallel, record=True).exercises if jobs else ()
        for name, report in zip(chosen, again, strict=True):
            for result in report.checks:
                if result.check.id == name and _is_property(result):
                    lines = result.transcript.splitlines()
                    self.properties.append(sum(not line.startswith(("#", "from ", "import ")) for line in lines))


def _is_property(result: CheckResult) -> bool:
    """Whether a check failed for an example that was drawn."""
    return bool(result.recording) and msgspec.json.decode(result.recording, type=Recording).is_property


def _is_named(result: CheckResult, solution: WrongSolution) -> bool:
    return result.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED) and result.check.id in solution.fails


def _kept_text(result: CheckResult) -> str:
    """What is the same on every run: without numbers and calls where threads, costs or chance were at work."""
    message = result.message.partition("\n")[0]
    if "driver." in result.recording or '"measured":true' in result.recording or _is_property(result):
        message = _NUMBER.sub("#", message)
        message, transcript = message if len(message) <= _RACY_LENGTH else message[:_RACY_LENGTH] + "...", ""
    else:
        transcript = result.transcript
    return "\n".join([f"[{result.check.id}] {result.verdict}", message, *([transcript] if transcript else []), ""])


def _repro_fault(exercise: Exercise, solution: WrongSolution, result: CheckResult) -> str:
    """Why no repro file tells the wrong solution from the reference; empty when one does."""
    place = f"{shown(solution.folder)}: {result.check.id}"
    message, number = result.message.partition("\n")[0], 0
    try:
        for number, text in enumerate(candidates(exercise, result, solution.folder), 1):
            if number > _TRIES:
                break
            status, said = run(text, solution.folder)
            if status == 1 and message in said and run(text, exercise.hidden)[0] == 0:
                return ""
    except Unshown as reason:
        return f"{place}: no repro file can be written ({reason})"
    return f"{place}: no repro file of {number} shows the fault with status 1 there and 0 with the reference"


def _suite_lines(exercise: Exercise) -> list[str]:
    """Lines of the suite that no report may hold: what is more than a call, a title, a hint or a value."""
    source = layout.suite(exercise).read_text(encoding="utf-8")
    lines, found = source.splitlines(), set[str]()
    kinds = (ast.Assert, ast.FunctionDef, ast.AsyncFunctionDef, ast.For, ast.If, ast.With, ast.Return, ast.Lambda)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds):
            found.add(lines[node.lineno - 1].strip())
    return sorted(line for line in found if len(line) >= _SHORTEST)
