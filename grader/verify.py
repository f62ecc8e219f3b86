"""Proves exercises: right solutions earn 100, wrong ones fail what they must and no more, every check catches one.

Each fault is one line that names the file and what mends it.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from grader.catalog import layout
from grader.catalog.checks import read_checks
from grader.catalog.manifest import read_wrong_solutions
from grader.catalog.submission import read_submission
from grader.errors import ExerciseError, shown
from grader.feedback import SEED, Feedback
from grader.grading import grade
from grader.model import (
    MAX_SCORE,
    Check,
    Exercise,
    ExerciseReport,
    Status,
    Submission,
    Verdict,
    WrongSolution,
)
from grader.statement import statement_faults
from grader.visible import visible_faults

MIN_CHECKS, MIN_WRONG, MIN_ALTERNATIVES = 8, 6, 2


@dataclass(frozen=True)
class _Trial:
    """One solution and the judgement of its report: faults, one line each."""

    exercise: Exercise
    submission: Submission
    judge: Callable[[ExerciseReport], Iterator[str]]


def verify(exercises: Iterable[Exercise], *, parallel: int, feedback: Feedback | None = None) -> int:
    """Proves each exercise, says so line by line, and returns the exit status: 0 proven, 3 at fault.

    With ``feedback``, what learners read is judged too.
    """
    faults = 0
    for exercise in exercises:
        found = list(faults_of(exercise, parallel=parallel, feedback=feedback))
        faults += len(found)
        print(f"{'FAULTY' if found else 'proven'}  {exercise.name}", flush=True)
        for fault in found:
            print(f"  {fault}", flush=True)
    for fault in feedback.summary() if feedback else ():
        faults += 1
        print(f"  {fault}", flush=True)
    if feedback:
        lines = f"{median(feedback.properties):g} lines" if feedback.properties else "none"
        print(f"{feedback.repros} repro files show their faults; median transcript of a failed property: {lines}")
    print(f"{faults} fault{'' if faults == 1 else 's'} found" if faults else "every exercise is proven")
    return 3 if faults else 0


def faults_of(exercise: Exercise, *, parallel: int, feedback: Feedback | None = None) -> Iterator[str]:
    """Everything that is wrong with one exercise."""
    try:
        checks = read_checks(layout.suite(exercise))
        wrong = read_wrong_solutions(exercise)
    except ExerciseError as error:
        yield str(error)
        return
    yield from _shape_faults(exercise, checks, wrong)
    yield from statement_faults(exercise, checks)
    with ThreadPoolExecutor(1) as beside:
        visible = beside.submit(lambda: list(visible_faults(exercise)))
        yield from _grading_faults(exercise, wrong, parallel, feedback)
        yield from visible.result()


def _shape_faults(exercise: Exercise, checks: Sequence[Check], wrong: Sequence[WrongSolution]) -> Iterator[str]:
    """What can be said without running anything."""
    suite = shown(layout.suite(exercise))
    total = sum(check.points for check in checks)
    if total != MAX_SCORE:
        yield f"{suite}: the points sum to {total}; make them sum to {MAX_SCORE}"
    if len(checks) < MIN_CHECKS:
        yield f"{suite}: {len(checks)} checks; write at least {MIN_CHECKS}"
    if len(wrong) < MIN_WRONG:
        yield f"{shown(layout.wrong_table(exercise))}: {len(wrong)} wrong solutions; write at least {MIN_WRONG}"
    alternatives = layout.alternatives(exercise)
    if len(alternatives) < MIN_ALTERNATIVES:
        count = f"{len(alternatives)} alternatives"
        yield f"{shown(exercise.hidden)}: {count}; write at least {MIN_ALTERNATIVES}, built differently"
    known = [check.id for check in checks]
    for solution in wrong:
        for name in (*solution.fails, *solution.may_fail):
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                yield f"{shown(layout.wrong_table(exercise))} [{solution.name}]: there is no check {name}{meant}"
    caught = {check for solution in wrong for check in solution.fails}
    for check in checks:
        if check.id not in caught:
            yield f"{suite}: no wrong solution must fail {check.id}; write one, or delete the check"


def _grading_faults(
    exercise: Exercise, wrong: Sequence[WrongSolution], parallel: int, feedback: Feedback | None
) -> Iterator[str]:
    """Grades every solution that the kit ships, all in one go, and judges each report."""
    reference = read_submission(exercise, exercise.hidden)
    trials = [
        _Trial(
            exercise,
            _as_work(read_submission(exercise, layout.stub(exercise))),
            _earns_nothing(layout.stub(exercise)),
        ),
        _Trial(exercise, _empty(exercise), _earns_nothing(None)),
        _Trial(exercise, reference, _earns_all(exercise.hidden)),
        _Trial(exercise, reference, _earns_all(exercise.hidden)),
    ]
    trials += [
        _Trial(exercise, read_submission(exercise, folder), _earns_all(folder))
        for folder in layout.alternatives(exercise)
    ]
    trials += [
        _Trial(exercise, read_submission(exercise, solution.folder), _fails_as_said(exercise, solution))
        for solution in wrong
    ]
    jobs = [(trial.exercise, trial.submission) for trial in trials]
    report = grade(jobs, seed=SEED, parallel=parallel, shrink=False, record=feedback is not None)
    for trial, result in zip(trials, report.exercises, strict=True):
        yield from trial.judge(result)
    first, second = report.exercises[2:4]
    if _without_times(first) != _without_times(second):
        suite = shown(layout.suite(exercise))
        yield f"{suite}: two runs with one seed gave two reports; find what depends on time or chance"
    if feedback:
        yield from feedback.faults(exercise, wrong, report.exercises[len(trials) - len(wrong) :])


def _as_work(stub: Submission) -> Submission:
    """The stub as if somebody had written it, so that its suite is really run."""
    return dataclasses.replace(stub, is_stub=False)


def _empty(exercise: Exercise) -> Submission:
    return Submission("an empty file", {f"{exercise.module}.py": b""})


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


def _fails_as_said(exercise: Exercise, solution: WrongSolution) -> Callable[[ExerciseReport], Iterator[str]]:
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

    return judge


def _without_times(report: ExerciseReport) -> ExerciseReport:
    checks = tuple(dataclasses.replace(result, seconds=0.0) for result in report.checks)
    return dataclasses.replace(report, checks=checks, seconds=0.0)
