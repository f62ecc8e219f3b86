"""What a batch has found so far, in one SQLite file: every report is on the disk before the next is asked for.

The ledger makes a batch safe to kill at any moment. Run again, it goes on with what is missing; what was graded is not
graded twice unless the work itself has changed.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from grader.errors import UnavailableError, UsageError, shown
from grader.model import ExerciseReport, Isolation

_TABLES = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS terms (one INTEGER PRIMARY KEY CHECK (one = 1), terms TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reports (
    name TEXT NOT NULL, exercise TEXT NOT NULL, work TEXT NOT NULL, report BLOB NOT NULL, PRIMARY KEY (name, exercise)
) WITHOUT ROWID;
"""


class Terms(msgspec.Struct, frozen=True):
    """What all reports of a batch have in common."""

    kit: str
    seed: int
    exercises: list[str]
    timeout: float | None
    isolation: Isolation
    started: str  # ISO 8601, UTC
    batch: str = ""  # tells this batch from all others


def cannot_write(path: Path, why: str) -> UnavailableError:
    """The end of a batch whose folder takes no more."""
    kept = "what was graded is kept, and the same command goes on with the rest"
    return UnavailableError(f"{shown(path)} cannot be written ({why}); {kept}")


class Ledger:
    """The file at ``path``, opened or made."""

    def __init__(self, path: Path) -> None:
        """Opens it.

        Raises:
            UsageError: it is something else.
        """
        self._path = path
        self._database = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            self._database.executescript(_TABLES)
            self._begun = self._read_terms()
        except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
            self._database.close()
            raise UsageError(f"{path} is no ledger of a batch ({error}); choose another folder for --out") from None

    @property
    def terms(self) -> Terms:
        """The terms of the batch, which must have begun."""
        assert self._begun is not None
        return self._begun

    @property
    def has_begun(self) -> bool:
        return self._begun is not None

    def begin(self, terms: Terms) -> None:
        """Writes the terms down.

        Raises:
            UnavailableError: the disk is full, or has another reason.
        """
        self._write("INSERT INTO terms VALUES (1, ?)", [msgspec.json.encode(terms).decode()])
        self._begun = terms

    def has(self, name: str, exercise: str, work: str) -> bool:
        """Whether this work, told by its digest, has been graded."""
        query = "SELECT 1 FROM reports WHERE (name, exercise, work) = (?, ?, ?)"
        return self._database.execute(query, [name, exercise, work]).fetchone() is not None

    def keep(self, name: str, exercise: str, work: str, report: ExerciseReport) -> None:
        """Writes a report down, in place of one on earlier work; it is on the disk when this returns.

        A second report on the same work has no effect.

        Raises:
            UnavailableError: the disk is full, or has another reason.
        """
        self._write(
            "INSERT INTO reports VALUES (?, ?, ?, ?) ON CONFLICT (name, exercise) DO UPDATE"
            " SET work = excluded.work, report = excluded.report WHERE work != excluded.work",
            [name, exercise, work, msgspec.json.encode(report)],
        )

    def reports(self, name: str) -> list[ExerciseReport]:
        """All that was found on one submission."""
        rows = self._database.execute("SELECT report FROM reports WHERE name = ?", [name])
        return [msgspec.json.decode(report, type=ExerciseReport) for (report,) in rows]

    def close(self) -> None:
        self._database.close()

    def _write(self, statement: str, values: list[str | bytes]) -> None:
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise cannot_write(self._path, str(error)) from None

    def _read_terms(self) -> Terms | None:
        row = self._database.execute("SELECT terms FROM terms").fetchone()
        return msgspec.json.decode(row[0], type=Terms) if row else None
