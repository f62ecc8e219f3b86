"""Proves exercises: right solutions earn 100, wrong ones fail what they must and no more, every check catches one.

Solutions of all exercises are graded in one stream, many at once, since most of them wait, and as in a batch: who
answers as one that passed a check passes it. What is not as it should be is graded anew, alone, up to three times: a
fault is what was found every time. What was not depends on how busy the machine is; it is told, and is a fault when
asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median

from grader.catalog import layout
from grader.catalog.checks import read_checks
from grader.catalog.manifest import read_wrong_solutions
from grader.cell.levels import Cells
from grader.errors import ExerciseError, shown
from grader.feedback import SEED, Feedback
from grader.grading import open_warm_cells
from grader.model import MAX_SCORE, Check, Exercise, ExerciseReport, RunOptions, WrongSolution
from grader.running import run_jobs
from grader.spawning import spawned
from grader.statement import statement_faults
from grader.suite.dialogues import Dialogues
from grader.trials import Trial, differ, trials_of
from grader.visible import visible_faults

MIN_CHECKS, MIN_WRONG, MIN_ALTERNATIVES = 8, 6, 2
_SECOND_LOOKS = 3  # at what is not as it should be
_UNSTEADY = "unsteady, not so when run alone: {}"
_VISIBLE = ()  # stands for the visible tests, which are about no trial


@dataclass
class Proof:
    """One exercise, what its solutions earned, and what is wrong with it."""

    exercise: Exercise
    faults: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)  # found, and not found again
    trials: list[Trial] = field(default_factory=list)
    reports: dict[int, ExerciseReport] = field(default_factory=dict)
    visible: Future[list[str]] = field(default_factory=Future)  # what is wrong with the visible tests
    wrong: list[WrongSolution] = field(default_factory=list)

    def wrong_reports(self) -> list[ExerciseReport]:
        """Those of the wrong solutions, in their order."""
        return [self.reports[number] for number in range(len(self.trials) - len(self.wrong), len(self.trials))]


def verify(
    exercises: Iterable[Exercise], *, parallel: int, strict: bool = False, feedback: Feedback | None = None
) -> int:
    """Proves each exercise, says so line by line, and returns the exit status: 0 proven, 3 at fault.

    ``strict`` makes a fault of what was not found again, too. With ``feedback``, what learners read is judged too.
    """
    count = 0
    for proof in prove(exercises, parallel=parallel, feedback=feedback):
        faults = [*proof.faults, *(proof.unsteady if strict else ())]
        count += len(faults)
        print(f"{'FAULTY' if faults else 'proven'}  {proof.exercise.name}", flush=True)
        for line in (*proof.faults, *proof.unsteady):
            print(f"  {line}", flush=True)
    for fault in feedback.summary() if feedback else ():
        count += 1
        print(f"  {fault}", flush=True)
    if feedback:
        feedback.close()
        lines = f"{median(feedback.lines):g} lines" if feedback.lines else "none"
        print(f"{feedback.repros} repro files show their faults; median transcript of a failed property: {lines}")
    print(f"{count} fault{'' if count == 1 else 's'} found" if count else "every exercise is proven")
    return 3 if count else 0


def prove(exercises: Iterable[Exercise], *, parallel: int, feedback: Feedback | None = None) -> Iterator[Proof]:
    """Each exercise with all that is wrong with it, as it is known."""
    proofs = [_read(exercise, feedback) for exercise in exercises]
    to_run = [proof for proof in proofs if proof.trials]
    yield from (proof for proof in proofs if not proof.trials)
    if not to_run:
        return
    preload = to_run[0].exercise.cell.preload
    options = RunOptions(SEED, shrink=False, record=feedback is not None)
    with closing(open_warm_cells(preload, seed=SEED)) as cells, spawned(1) as beside:
        for proof in to_run:
            proof.visible = beside.submit(visible_faults, proof.exercise)
        begun = []
        for proof in _settled(_graded(to_run, cells, options, parallel), cells, options, beside):
            if feedback is None:
                yield proof
            else:
                feedback.begin(proof.exercise, proof.wrong, proof.wrong_reports())
                begun.append(proof)
        for proof in begun:
            assert feedback is not None
            faults, unsteady = feedback.ended(proof.exercise)
            proof.faults += faults
            proof.unsteady += map(_UNSTEADY.format, unsteady)
            yield proof


def _settled(graded: Iterable[Proof], cells: Cells, options: RunOptions, beside: Executor) -> Iterator[Proof]:
    """Each exercise with its faults. What was not as it should be is run again, when all has been graded."""
    doubtful = []
    for proof in graded:
        if found := _found(proof):
            doubtful.append((proof, found))
        else:
            yield proof
    for proof, found in doubtful:
        again = found
        for _ in range(_SECOND_LOOKS):
            if again:
                _run_again(proof, again, cells, options, beside)
                again = _found(proof)
        proof.faults += [fault for faults in again.values() for fault in faults]
        for about in found.keys() - again.keys():
            proof.unsteady += map(_UNSTEADY.format, found[about])
        yield proof


def _read(exercise: Exercise, feedback: Feedback | None) -> Proof:
    """What can be said without running anything, and what is to be run."""
    proof = Proof(exercise)
    try:
        checks = read_checks(layout.suite(exercise))
        proof.wrong = list(read_wrong_solutions(exercise))
    except ExerciseError as error:
        proof.faults.append(str(error))
        return proof
    proof.faults += [*_shape_faults(exercise, checks, proof.wrong), *statement_faults(exercise, checks)]
    proof.trials = trials_of(exercise, proof.wrong, feedback.text_faults if feedback else None)
    return proof


def _graded(proofs: Sequence[Proof], cells: Cells, options: RunOptions, parallel: int) -> Iterator[Proof]:
    """Grades all solutions of all exercises; each exercise when its last report is there."""
    places = [(proof, number) for proof in proofs for number in range(len(proof.trials))]
    jobs = [(proof.exercise, proof.trials[number].submission) for proof, number in places]
    for index, report in run_jobs(jobs, cells, options, parallel, dialogues=Dialogues()):
        proof, number = places[index]
        proof.reports[number] = report
        if len(proof.reports) == len(proof.trials):
            yield proof


def _run_again(
    proof: Proof, found: Iterable[tuple[int, ...]], cells: Cells, options: RunOptions, beside: Executor
) -> None:
    """Runs what is not as it should be once more, with nothing else at work. What comes last is kept."""
    for number in sorted({number for about in found for number in about}):
        job = proof.exercise, proof.trials[number].submission
        for _, report in run_jobs([job], cells, options, 1):
            proof.reports[number] = report
    if _VISIBLE in found:
        proof.visible = beside.submit(visible_faults, proof.exercise)
        proof.visible.exception()  # waits


def _found(proof: Proof) -> dict[tuple[int, ...], list[str]]:
    """What is wrong by what was run, a line each, under the numbers of the trials that it is about."""
    judged: dict[tuple[int, ...], list[str]] = {
        (number,): list(trial.judge(proof.reports[number])) for number, trial in enumerate(proof.trials)
    }
    if differ(proof.reports[0], proof.reports[1]):
        suite = shown(layout.suite(proof.exercise))
        judged[0, 1] = [f"{suite}: two runs with one seed gave two reports; find what depends on time or chance"]
    judged[_VISIBLE] = proof.visible.result()
    return {about: faults for about, faults in judged.items() if faults}


def _shape_faults(exercise: Exercise, checks: Sequence[Check], wrong: Sequence[WrongSolution]) -> Iterator[str]:
    """What is missing, or written wrongly."""
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
