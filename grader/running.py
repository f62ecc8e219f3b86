"""Runs the suites of many submissions in as many processes as there are cores, and tells of each as it ends."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable, Iterable, Iterator

from grader.catalog import layout
from grader.catalog.checks import read_checks
from grader.cell.dialogue import Dialogue
from grader.cell.levels import Cells
from grader.model import CheckResult, Event, EventKind, Exercise, ExerciseReport, RunOptions, Submission, Verdict
from grader.scoring import score_exercise
from grader.suite.dialogues import Dialogues
from grader.suite.worker import Checks, Worker

Job = tuple[Exercise, Submission]

_MIN_SHARE = 2  # checks that are worth a further process


def is_to_run(submission: Submission) -> bool:
    """Whether there is anything to run a suite against."""
    return not submission.problem and not submission.is_stub


def run_jobs(
    jobs: Iterable[Job],
    cells: Cells,
    options: RunOptions,
    parallel: int,
    on_event: Callable[[Event], None] = lambda _event: None,
    dialogues: Dialogues | None = None,
) -> Iterator[tuple[int, ExerciseReport]]:
    """The number and the report of each job, in the order in which they end.

    A job is drawn when a process is free for it, so ``jobs`` may be endless. A process that no job waits for helps with
    a suite under way. ``dialogues`` are added to, and spare later submissions what they repeat.
    """
    waiting = enumerate(jobs)
    running: list[_Grading] = []
    more = True
    with selectors.DefaultSelector() as workers:
        while more or running:
            while len(workers.get_map()) < parallel:
                job = next(waiting, None) if more else None
                more = job is not None
                if job is not None:
                    number, (exercise, submission) = job
                    on_event(Event(exercise.name, EventKind.STARTED))
                    if not is_to_run(submission):
                        yield number, _finished(unrun_report(exercise, submission), on_event)
                        continue
                    grading = _Grading(number, exercise, submission)
                    if dialogues is not None:
                        grading.known = dialogues.of(exercise, options, cells.isolation.level)
                    running.append(grading)
                elif running and max(running, key=_Grading.share).share() >= _MIN_SHARE:
                    grading = max(running, key=_Grading.share)
                else:
                    break
                worker = grading.start(cells, options)
                workers.register(worker.output, selectors.EVENT_READ, (grading, worker))
            for key, _ in workers.select() if running else ():
                grading, worker = key.data
                for result in grading.read(worker):
                    on_event(Event(grading.exercise.name, EventKind.CHECK, result))
                    if options.first_loss and result.verdict is not Verdict.PASSED:
                        grading.leave_rest()
                if worker.ended:
                    workers.unregister(worker.output)
                    for result in grading.end(worker):
                        on_event(Event(grading.exercise.name, EventKind.CHECK, result))
                    if not grading.workers and not grading.share():
                        running.remove(grading)
                        yield grading.index, _finished(grading.report(), on_event)


def unrun_report(exercise: Exercise, submission: Submission) -> ExerciseReport:
    """The report on what cannot be run, or is still the stub."""
    message = submission.problem or "not started"
    results = [CheckResult(check, Verdict.FAILED, message) for check in read_checks(layout.suite(exercise))]
    return score_exercise(exercise, submission, results)


def _finished(report: ExerciseReport, on_event: Callable[[Event], None]) -> ExerciseReport:
    on_event(Event(report.name, EventKind.FINISHED, report))
    return report


class _Grading:
    """One submission on its way to a report."""

    def __init__(self, index: int, exercise: Exercise, submission: Submission) -> None:
        self.index = index
        self.exercise = exercise
        self.submission = submission
        self.workers = 0
        #: Dialogues of the suite, if they are kept.
        self.known: dict[str, Dialogue] | None = None
        self._checks = read_checks(layout.suite(exercise))
        self._shared = Checks(self._checks)
        self._results: dict[str, CheckResult] = {}
        self._left_out: list[str] = []
        self._services: set[str] = set()
        self._why_not = ""  # why a check may be without a result; known once a worker has ended
        self._began = time.monotonic()

    def share(self) -> float:
        """How many checks each worker would have to do, were there one more; 0 once nothing is left to take.

        Infinite when checks are left and nobody is at work: the last worker has died.
        """
        left = 0 if self._why_not else len(self._checks) - len(self._left_out) - len(self._results)
        return left / (self.workers + 1) if self.workers or not left else math.inf

    def start(self, cells: Cells, options: RunOptions) -> Worker:
        """A process that takes part from now on."""
        self.workers += 1
        launcher = cells.launcher(self.exercise.cell.preload)
        return Worker(self.exercise, self.submission, self._shared, launcher, options, self.known)

    def read(self, worker: Worker) -> list[CheckResult]:
        """Takes a worker's notes; the checks decided in them are returned."""
        notes = worker.read()
        for note in notes:
            self._services.update(note.services)
            self._why_not = self._why_not or note.problem
            if note.dialogue is not None and self.known is not None:
                self.known.setdefault(*note.dialogue)
        results = [note.result for note in notes if note.result is not None]
        self._results |= {result.check.id: result for result in results}
        return results

    def leave_rest(self) -> None:
        """Begins no further check."""
        self._left_out += self._shared.take_rest()

    def end(self, worker: Worker) -> list[CheckResult]:
        """Lets go of a worker that has ended. One that died has lost the check in hand, and no other."""
        self.workers -= 1
        ending = worker.close()
        lost = [
            CheckResult(check, Verdict.INTERNAL_ERROR, ending) for check in self._checks if check.id == worker.in_hand
        ]
        self._results |= {result.check.id: result for result in lost}
        if not lost:  # nothing was left to take, or it died before it took anything, as its successor would
            self._why_not = self._why_not or ending
        return lost

    def report(self) -> ExerciseReport:
        """What was found. A check without a result is the grader's fault, never the learner's."""
        self._shared.close()
        results = [
            self._results.get(check.id) or CheckResult(check, Verdict.INTERNAL_ERROR, self._why_not)
            for check in self._checks
            if check.id not in self._left_out
        ]
        seconds = round(time.monotonic() - self._began, 3)
        services = sorted(self._services)
        return score_exercise(self.exercise, self.submission, results, services=services, seconds=seconds)
