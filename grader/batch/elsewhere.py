"""Grades on other machines, through a broker that workers take their tasks from."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator

from grader.batch.course import Task
from grader.cluster.desk import Desk
from grader.cluster.work import Outcome, Question, Work, versions_here
from grader.errors import InternalError
from grader.model import ExerciseReport, Isolation, Level, RunOptions
from grader.remembering import exercise_digest
from grader.running import is_to_run, unrun_report

_AHEAD = 128  # tasks at the broker at once: enough for many workers, and no more than Redis holds with ease


class Elsewhere:
    """The engine of a batch whose tasks are graded by workers."""

    def __init__(self, broker: str, batch: str, options: RunOptions, say: Callable[[str], None]) -> None:
        """``batch`` tells this one from all others at the broker; ``say`` is told what a person should know who waits.

        Raises:
            UnavailableError: no Redis answers.
            UsageError: the broker's address is none.
        """
        self._desk = Desk(broker, say)
        self._batch = batch
        self._options = options
        self._isolation: Isolation | None = None
        self._refusal = ""
        self._digests: dict[str, str] = {}  # of the exercises: one content for the whole batch

    @property
    def isolation(self) -> Isolation:
        """What has been agreed on."""
        assert self._isolation is not None
        return self._isolation

    def agree(self, begun: Isolation | None, wanted: Level | None, require: Level | None) -> None:
        """Finds the level of all tasks: that at which the batch was begun, or what the first worker to answer gives.

        Workers refuse what they cannot grade at it.

        Raises:
            InternalError: that worker refuses.
        """
        if begun and wanted in (None, begun.level) and not (require and begun.level.is_weaker_than(require)):
            self._isolation = begun
            return
        name = _name(uuid.uuid4().hex)
        self._desk.put(name, Question(versions_here(), wanted, require))
        outcome = self._desk.take()[name]
        self._desk.forget(name)
        if outcome.isolation is None:
            raise InternalError(f"worker {outcome.worker} refuses the batch: {outcome.refusal}")
        self._isolation = outcome.isolation

    def graded(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, ExerciseReport]]:
        """The tasks with their reports as these come. Equal work is graded once.

        Raises:
            InternalError: a worker has refused. No task is put after that; the reports on those that were come before.
        """
        waiting = iter(tasks)
        under_way: dict[str, list[Task]] = {}
        more = True
        while more or under_way:
            while more and len(under_way) < _AHEAD:
                task = next(waiting, None) if not self._refusal else None
                if task is None:
                    more = False
                elif not is_to_run(task.submission):
                    yield task, unrun_report(task.exercise, task.submission)
                elif (name := _name(self._batch, task.key)) in under_way:
                    under_way[name].append(task)
                else:
                    under_way[name] = [task]
                    self._desk.put(name, self._work(task))
            if under_way:
                for name, outcome in self._desk.take().items():
                    yield from self._taken(name, under_way.pop(name), outcome)
        if self._refusal:
            raise InternalError(f"{self._refusal}\nWhat was graded is kept; the same command goes on with the rest")

    def close(self) -> None:
        """Lets go of the broker. What is under way there is found again by the next run."""
        self._desk.close()

    def _work(self, task: Task) -> Work:
        name = task.exercise.name
        if name not in self._digests:
            self._digests[name] = exercise_digest(task.exercise)
        return Work(
            versions_here(),
            name,
            self._digests[name],
            task.submission.files,
            self.isolation.level,
            self._options.seed,
            self._options.timeout,
        )

    def _taken(self, name: str, tasks: list[Task], outcome: Outcome) -> Iterator[tuple[Task, ExerciseReport]]:
        if outcome.report is None:
            exercise = tasks[0].exercise.name
            self._refusal = self._refusal or f"worker {outcome.worker} refuses {exercise}: {outcome.refusal}"
            self._desk.forget(name)
            return
        for task in tasks:
            yield task, outcome.report
        self._desk.settle(name)  # only now is it in the ledger


def _name(*parts: str) -> str:
    return f"onspot-{hashlib.sha256('/'.join(parts).encode()).hexdigest()}"
