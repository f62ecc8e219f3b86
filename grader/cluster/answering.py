"""What a worker does with work: it refuses what it could not grade as the batch wants it, and grades the rest."""

from __future__ import annotations

import traceback

from grader.catalog import Catalog
from grader.cell.levels import Cells, open_cells
from grader.cluster.work import Outcome, Question, Versions, Work, versions_here
from grader.errors import GraderError, UnavailableError
from grader.model import ExerciseReport, Isolation, Level, RunOptions, Submission
from grader.remembering import exercise_digest
from grader.running import run_jobs
from grader.suite.dialogues import Dialogues


class Answering:
    """The exercises of one kit, graded in this process, which keeps cells and dialogues from one work to the next."""

    def __init__(self, name: str, catalog: Catalog, require: Level | None) -> None:
        """``require``: the weakest level that this worker grades at."""
        self._name = name
        self._catalog = catalog
        self._require = require
        self._cells: Cells | None = None
        self._cells_are_for: tuple[Level, int] | None = None
        self._dialogues = Dialogues()

    def answer(self, asked: Question | Work) -> Outcome:
        """The report or the isolation asked for, or why not."""
        try:
            if isinstance(asked, Work):
                return Outcome(self._name, report=self._grade(asked))
            return Outcome(self._name, isolation=self._isolation(asked))
        except GraderError as error:
            return self.refuse(str(error))
        except Exception as error:  # noqa: BLE001 - the batch must hear of whatever it is
            return self.refuse(f"the grader is at fault: {''.join(traceback.format_exception(error))}")

    def refuse(self, why: str) -> Outcome:
        return Outcome(self._name, refusal=why)

    def close(self) -> None:
        """Ends its cells."""
        if self._cells is not None:
            self._cells.close()
            self._cells = None

    def _isolation(self, question: Question) -> Isolation:
        self._check(question.versions)
        cells = open_cells(
            question.wanted, require=question.require, allow_bare=Level.BARE in (question.wanted, self._require)
        )
        cells.close()
        self._check_level(cells.isolation.level)
        return cells.isolation

    def _grade(self, work: Work) -> ExerciseReport:
        self._check(work.versions)
        self._check_level(work.level)
        exercise = self._catalog.get(work.exercise)
        suite = exercise_digest(exercise)
        if suite != work.suite:
            what = f"its {exercise.name} has the content {suite[:12]}, the batch's {work.suite[:12]}"
            raise UnavailableError(f"{what}; bring both checkouts to one commit")
        cells = self._warm_cells(work, exercise.cell.preload)
        submission = Submission("", work.files)
        options = RunOptions(work.seed, work.timeout)
        [(_, report)] = run_jobs([(exercise, submission)], cells, options, 1, dialogues=self._dialogues)
        return report

    def _check(self, versions: Versions) -> None:
        if unlike := versions_here().unlike(versions):
            raise UnavailableError(f"it has {unlike}; bring both to one version and start it again")

    def _check_level(self, level: Level) -> None:
        if self._require is not None and level.is_weaker_than(self._require):
            raise UnavailableError(f"it grades at {self._require} or stronger, and this is to be graded at {level}")

    def _warm_cells(self, work: Work, preload: tuple[str, ...]) -> Cells:
        wanted = work.level, work.seed
        if self._cells is None or self._cells_are_for != wanted:
            self.close()
            self._cells = open_cells(work.level, seed=work.seed, preload=preload)
            self._cells_are_for = wanted
            self._dialogues = Dialogues()  # those of another seed would only pile up
        return self._cells
