"""What solutions are to earn: the stub and an empty file nothing, constants next to nothing, right ones all, wrong ones
all but some.

Each fault is one line that names the file and what mends it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.catalog import layout
from grader.catalog.submission import read_submission
from grader.constants import CONSTANTS, Constant
from grader.errors import shown
from grader.model import Exercise, ExerciseReport, Status, Submission, Verdict, WrongSolution

CONSTANTS_EARN = 5  # points at most


@dataclass(frozen=True)
class Trial:
    """One solution and the judgement of its report: faults, one line each."""

    submission: Submission
    judge: Callable[[ExerciseReport], Iterator[str]]


#: What else is asked of the report of a wrong solution.
Also = Callable[[Exercise, WrongSolution, ExerciseReport], Iterator[str]]


def trials_of(exercise: Exercise, wrong: Sequence[WrongSolution], also: Also | None = None) -> list[Trial]:
    """Everything that the kit ships for an exercise: first the reference, twice, last the wrong solutions."""
    reference = Trial(read_submission(exercise, exercise.hidden), _earns_all(exercise.hidden))
    stub = layout.stub(exercise)
    return [
        reference,
        reference,
        Trial(_as_work(read_submission(exercise, stub)), _earns_nothing(stub)),
        Trial(_empty(exercise), _earns_nothing(None)),
        *(Trial(_constant(exercise, each), _earns_little(exercise, each)) for each in CONSTANTS),
        *(Trial(read_submission(exercise, folder), _earns_all(folder)) for folder in layout.alternatives(exercise)),
        *(Trial(read_submission(exercise, each.folder), _fails_as_said(exercise, each, also)) for each in wrong),
    ]


def differ(first: ExerciseReport, second: ExerciseReport) -> bool:
    """Whether two reports tell of more than other seconds."""
    return _without_times(first) != _without_times(second)


def _as_work(stub: Submission) -> Submission:
    """The stub as if somebody had written it, so that its suite is really run."""
    return dataclasses.replace(stub, is_stub=False)


def _empty(exercise: Exercise) -> Submission:
    return Submission("an empty file", {f"{exercise.module}.py": b""})


def _constant(exercise: Exercise, constant: Constant) -> Submission:
    """The stub's files, in which every function answers the same."""
    stub = _as_work(read_submission(exercise, layout.stub(exercise)))
    files = {name: constant.written(content) for name, content in stub.files.items()}
    return dataclasses.replace(stub, origin=constant.words, files=files)


def _earns_little(exercise: Exercise, constant: Constant) -> Callable[[ExerciseReport], Iterator[str]]:
    def judge(report: ExerciseReport) -> Iterator[str]:
        if report.score > CONSTANTS_EARN:
            paid = ", ".join(result.check.id for result in report.checks if result.earned)
            suite = shown(layout.suite(exercise))
            yield f"{suite}: {constant.words} earns {report.score:g} points at {paid}; demand a right answer first"

    return judge


def _earns_nothing(folder: Path | None) -> Callable[[ExerciseReport], Iterator[str]]:
    what = "an empty file" if folder is None else shown(folder)

    def judge(report: ExerciseReport) -> Iterator[str]:
        if report.status is Status.INVALID:
            yield f"{what}: {report.message}; keep the stub there as it is handed out"
        elif not report.checks or not any(result.verdict.counts for result in report.checks):
            yield f"{what}: nothing was graded ({report.message})"
        for result in report.checks:
            if result.earned:
                yield f"{what}: earns {result.earned} points at {result.check.id}; the check must ask for more"

    return judge


def _earns_all(folder: Path) -> Callable[[ExerciseReport], Iterator[str]]:
    def judge(report: ExerciseReport) -> Iterator[str]:
        if report.message and not report.checks:
            yield f"{shown(folder)}: {report.message}"
        for result in report.checks:
            if result.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED):
                message = result.message.partition("\n")[0]
                ending = f"{result.check.id} ended as {result.verdict} ({message})"
                yield f"{shown(folder)}: {ending}; mend the solution, or what the check demands"

    return judge


def _fails_as_said(
    exercise: Exercise, solution: WrongSolution, also: Also | None
) -> Callable[[ExerciseReport], Iterator[str]]:
    table = f"{shown(layout.wrong_table(exercise))} [{solution.name}]"

    def judge(report: ExerciseReport) -> Iterator[str]:
        if not report.checks:
            yield f"{table}: {report.message}"
        for result in report.checks:
            name, verdict = result.check.id, result.verdict
            message = result.message.partition("\n")[0]
            if verdict is Verdict.NOT_GRADED:
                continue
            if verdict is Verdict.INTERNAL_ERROR:
                yield f"{table}: {name} ended by the grader's own fault: {message}"
            elif name in solution.fails and verdict is Verdict.PASSED:
                yield f"{table}: passes {name}, which it must fail; sharpen the check"
            elif name in solution.fails and solution.verdict not in (None, verdict):
                yield f"{table}: {name} ended as {verdict}, not as {solution.verdict} ({message})"
            elif verdict is not Verdict.PASSED and name not in (*solution.fails, *solution.may_fail):
                yield f"{table}: fails {name} too ({message}); say so in fails or may_fail, or make the check fair"
        if also is not None:
            yield from also(exercise, solution, report)

    return judge


def _without_times(report: ExerciseReport) -> ExerciseReport:
    checks = tuple(dataclasses.replace(result, seconds=0.0) for result in report.checks)
    return dataclasses.replace(report, checks=checks, seconds=0.0)
