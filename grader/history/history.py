"""A learner's history: what is kept of each grading, hint and drill, and how it is read back."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from grader.catalog import layout
from grader.history.store import Store
from grader.history.values import Attempt, Drill, Opened
from grader.model import Check, CheckResult, Exercise, ExerciseReport, Report, Status, Submission, Verdict


class History:
    """The history of the kit at ``root``. ``now`` tells the time; ``tell`` is called when the file cannot be used."""

    def __init__(
        self,
        root: Path,
        tell: Callable[[str], None],
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._store = Store(layout.history(root), tell)
        self._now = now

    def record(self, jobs: Iterable[tuple[Exercise, Submission]], report: Report, drill: int | None = None) -> None:
        """Keeps an attempt for each submission that could be graded; the same files with the same score only once.

        Messages and transcripts are kept for the latest attempt of each exercise, the verdicts of all.
        """
        files = {exercise.name: digest(submission) for exercise, submission in jobs}
        kept = (Status.PASSED, Status.PARTIAL, Status.FAILED)
        done = [graded for graded in report.exercises if graded.status in kept and graded.name in files]

        def write(connection: sqlite3.Connection) -> None:
            for graded in done:
                self._insert(connection, files[graded.name], graded, report, drill)

        if done:
            self._store.write(write, None)

    def _insert(
        self, connection: sqlite3.Connection, files: str, graded: ExerciseReport, report: Report, drill: int | None
    ) -> None:
        latest = connection.execute(
            "SELECT id, files, score FROM attempt WHERE exercise = ? AND drill IS ? ORDER BY id DESC LIMIT 1",
            (graded.name, drill),
        ).fetchone()
        if latest and latest[1:] == (files, graded.score):
            return
        if latest:
            connection.execute("UPDATE result SET message = '', transcript = '' WHERE attempt = ?", latest[:1])
        values = (
            self._moment(), graded.name, files, graded.status, graded.score, drill, report.kit, report.seed,
            report.isolation.level, graded.seconds,
        )  # fmt: skip
        attempt = connection.execute(
            "INSERT INTO attempt (at, exercise, files, status, score, drill, kit, seed, level, seconds) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        ).lastrowid
        connection.executemany(
            "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(attempt, place, *_row(result)) for place, result in enumerate(graded.checks)],
        )

    def attempts(self) -> list[Attempt]:
        """All attempts, oldest first."""
        rows = self._select("SELECT id, at, exercise, files, status, score, drill FROM attempt ORDER BY id")
        return [Attempt(row[0], _time(row[1]), row[2], row[3], Status(row[4]), row[5], row[6]) for row in rows]

    def results(self, attempt: Attempt) -> tuple[CheckResult, ...]:
        """How each check of the attempt went."""
        rows = self._select(
            'SELECT "check", title, points, stage, hint, milestone, verdict, message, transcript FROM result '
            "WHERE attempt = ? ORDER BY place",
            attempt.id,
        )
        return tuple(map(_result, rows))

    def open(self, exercise: Exercise, what: str, files: str) -> None:
        """Keeps that a hint or the solution was looked at, the first time."""
        values = (exercise.name, what, self._moment(), files)
        self._store.write(
            lambda connection: connection.execute("INSERT OR IGNORE INTO opened VALUES (?, ?, ?, ?)", values).close(),
            None,
        )

    def opened(self) -> list[Opened]:
        """What was looked at, oldest first."""
        rows = self._select("SELECT exercise, what, at, files FROM opened ORDER BY at")
        return [Opened(row[0], row[1], _time(row[2]), row[3]) for row in rows]

    def begin_drill(self, seed: int, minutes: int, exercises: Sequence[str], folder: str) -> Drill | None:
        """Starts a drill's clock; None where another one runs, or the history cannot be written."""
        values = (seed, minutes, " ".join(exercises), folder, self._moment())
        sql = (
            "INSERT INTO drill (seed, minutes, exercises, folder, started) SELECT ?, ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM drill WHERE ended IS NULL)"
        )
        has_begun = self._store.write(lambda connection: connection.execute(sql, values).rowcount == 1, default=False)
        return self.running_drill() if has_begun else None

    def end_drill(self, drill: Drill, score: float, first_pass_s: float | None, late_s: float) -> None:
        """Stops a drill's clock and keeps what came of it."""
        values = (self._moment(), score, first_pass_s, late_s, drill.id)
        sql = "UPDATE drill SET ended = ?, score = ?, first_pass_s = ?, late_s = ? WHERE id = ? AND ended IS NULL"
        self._store.write(lambda connection: connection.execute(sql, values).close(), None)

    def drills(self) -> list[Drill]:
        """All drills, oldest first."""
        rows = self._select(
            "SELECT id, seed, minutes, exercises, folder, started, ended, score, first_pass_s, late_s FROM drill "
            "ORDER BY id"
        )
        return list(map(_drill, rows))

    def running_drill(self) -> Drill | None:
        """The drill that has begun and not ended."""
        return next((drill for drill in self.drills() if drill.ended is None), None)

    def _select(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._store.read(lambda connection: connection.execute(sql, values).fetchall(), [])

    def _moment(self) -> str:
        return self._now().isoformat(timespec="milliseconds")


def digest(submission: Submission) -> str:
    """What tells the files of two submissions apart."""
    content = hashlib.sha256()
    for name, data in sorted(submission.files.items()):
        content.update(f"{name}\0{len(data)}\0".encode() + data)
    return content.hexdigest()


def _row(result: CheckResult) -> tuple[object, ...]:
    check = result.check
    told = (_storable(result.message), _storable(result.transcript)) if result.earned < check.points else ("", "")
    return (check.id, check.title, check.stage, check.milestone, check.points, check.hint, result.verdict, *told)


def _result(row: tuple[Any, ...]) -> CheckResult:
    name, title, points, stage, hint, milestone, verdict, message, transcript = row
    return CheckResult(Check(name, title, points, stage, hint, (), milestone), Verdict(verdict), message, transcript)


def _drill(row: tuple[Any, ...]) -> Drill:
    number, seed, minutes, names, folder, started, ended, score, first_pass_s, late_s = row
    end = _time(ended) if ended else None
    return Drill(number, seed, minutes, tuple(names.split()), folder, _time(started), end, score, first_pass_s, late_s)


def _storable(text: str) -> str:
    """A submission's text without lone surrogates, which SQLite does not take."""
    return text.encode("utf-8", "backslashreplace").decode()


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
