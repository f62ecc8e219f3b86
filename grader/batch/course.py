"""Grades all submissions of a course, each exercise of each as one task, and keeps every report as it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from grader.batch.ledger import Ledger
from grader.batch.roster import Entry
from grader.catalog import find_submission, was_handed_in
from grader.cell.levels import Cells
from grader.model import Exercise, ExerciseReport, Isolation, Report, RunOptions, Submission
from grader.remembering import Remembered
from grader.running import Job, run_jobs
from grader.scoring import is_grader_at_fault, score_report
from grader.suite.dialogues import Dialogues


@dataclass(frozen=True, slots=True)
class Task:
    """One exercise of one submission."""

    entry: Entry
    exercise: Exercise
    submission: Submission
    key: str  # of its report in a memory; empty when it is not run

    @property
    def work(self) -> str:
        """A digest of all that its report depends on."""
        return self.key or hashlib.sha256(repr(self.submission).encode()).hexdigest()


class Engine(Protocol):
    """What grades tasks: here, or on other machines. To be closed."""

    @property
    def isolation(self) -> Isolation:
        """What all tasks are graded at."""

    def graded(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, ExerciseReport]]:
        """The tasks with their reports, in any order. Draws only as many tasks as it works on."""

    def close(self) -> None: ...


class Here:
    """Grades in processes of this machine."""

    def __init__(self, cells: Cells, options: RunOptions, parallel: int) -> None:
        self._cells = cells
        self._options = options
        self._parallel = parallel
        self._dialogues = Dialogues()

    @property
    def isolation(self) -> Isolation:
        return self._cells.isolation

    def graded(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, ExerciseReport]]:
        """As many at once as there are processes."""
        under_way: dict[int, Task] = {}

        def jobs() -> Iterator[Job]:
            for number, task in enumerate(tasks):
                under_way[number] = task
                yield task.exercise, task.submission

        for number, report in run_jobs(jobs(), self._cells, self._options, self._parallel, dialogues=self._dialogues):
            yield under_way.pop(number), report

    def close(self) -> None:
        """Ends the cells."""
        self._cells.close()


class Course:
    """The submissions of a batch, what is asked of them, and what has been found."""

    def __init__(self, entries: Sequence[Entry], exercises: Sequence[Exercise], ledger: Ledger) -> None:
        self._entries = entries
        self._exercises = exercises
        self._ledger = ledger

    def tasks(self, key: Callable[[Job], str]) -> Iterator[Task]:
        """Every task, read when it is drawn. ``key`` names the report of a job."""
        for entry in self._entries:
            for exercise in self._exercises:
                submission = _submission(exercise, entry)
                yield Task(entry, exercise, submission, key((exercise, submission)))

    def grade(
        self,
        engine: Engine,
        tasks: Iterable[Task],
        recall: Callable[[str], Remembered | None],
        on_report: Callable[[Task, ExerciseReport | None], None],
    ) -> None:
        """Grades the tasks that the ledger lacks and ``recall`` does not know.

        Where the grader was at fault, as when something has killed a process of it, a task is graded once more when all
        else is done. If it is at fault again, its report is kept as one on no work: the next run grades the task.
        ``on_report`` is told of each task, once its report is in the ledger; of those that were there before, without
        the report.
        """

        def keep(task: Task, report: ExerciseReport) -> None:
            work = "" if is_grader_at_fault(report) else task.work
            self._ledger.keep(task.entry.name, task.exercise.name, work, report)
            on_report(task, report)

        def missing() -> Iterator[Task]:
            for task in tasks:
                if self._ledger.has(task.entry.name, task.exercise.name, task.work):
                    on_report(task, None)
                elif known := recall(task.key):
                    keep(task, known.report)
                else:
                    yield task

        again: list[Task] = []
        for task, report in engine.graded(missing()):
            if is_grader_at_fault(report):
                again.append(task)
            else:
                keep(task, report)
        for task, report in engine.graded(again):
            keep(task, report)

    def reports(self) -> Iterator[tuple[str, Report]]:
        """The whole report on each submission, by name."""
        return ((entry.name, self.report(entry)) for entry in self._entries)

    def report(self, entry: Entry) -> Report:
        """The whole report on one submission, the exercises in their order."""
        found = {report.name: report for report in self._ledger.reports(entry.name)}
        reports = [found[exercise.name] for exercise in self._exercises]
        terms = self._ledger.terms
        return score_report(reports, kit=terms.kit, seed=terms.seed, isolation=terms.isolation, started=terms.started)


def handed_in(exercises: Iterable[Exercise], entries: Sequence[Entry]) -> tuple[Exercise, ...]:
    """The exercises that anybody has handed in."""
    there = [entry.place for entry in entries if entry.place.exists()]
    return tuple(exercise for exercise in exercises if any(was_handed_in(exercise, place) for place in there))


def _submission(exercise: Exercise, entry: Entry) -> Submission:
    if not entry.place.exists():
        return Submission(str(entry.place), {}, problem=f"nothing was handed in: there is no {entry.place}")
    return find_submission(exercise, entry.place)
