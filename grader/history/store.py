"""One SQLite file that crashes, kill -9 and other processes cannot harm, and whose loss stops nobody's work.

Write-ahead logging and transactions keep it whole; a file that is damaged all the same is moved aside, never deleted.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from grader.errors import shown

T = TypeVar("T")

VERSION = 1
_SCHEMA = """
BEGIN;
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, exercise TEXT NOT NULL, files TEXT NOT NULL, status TEXT NOT NULL,
    score REAL NOT NULL, drill INTEGER REFERENCES drill (id), kit TEXT NOT NULL, seed INTEGER NOT NULL,
    level TEXT NOT NULL, seconds REAL NOT NULL
);
CREATE INDEX attempt_by_exercise ON attempt (exercise, id);
CREATE TABLE result (
    attempt INTEGER NOT NULL REFERENCES attempt (id), place INTEGER NOT NULL, "check" TEXT NOT NULL,
    title TEXT NOT NULL, stage TEXT NOT NULL, milestone TEXT NOT NULL, points INTEGER NOT NULL, hint TEXT NOT NULL,
    verdict TEXT NOT NULL, message TEXT NOT NULL, transcript TEXT NOT NULL, PRIMARY KEY (attempt, place)
) WITHOUT ROWID;
CREATE TABLE opened (
    exercise TEXT NOT NULL, what TEXT NOT NULL, at TEXT NOT NULL, files TEXT NOT NULL, PRIMARY KEY (exercise, what)
);
CREATE TABLE drill (
    id INTEGER PRIMARY KEY, seed INTEGER NOT NULL, minutes INTEGER NOT NULL, exercises TEXT NOT NULL,
    folder TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, score REAL NOT NULL DEFAULT 0, first_pass_s REAL,
    late_s REAL NOT NULL DEFAULT 0
);
PRAGMA user_version = 1;
COMMIT;
"""
_BUSY_S = 10.0  # how long a process waits for another one's transaction
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Store:
    """The file at ``path``. ``tell`` is called with one sentence when it cannot be used; work goes on without it."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self.path = path
        self._tell = tell

    def read(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        """What ``work`` finds, in one transaction; ``default`` where nothing was ever written or can be read."""
        return self._run("BEGIN", work, default) if self.path.exists() else default

    def write(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        """What ``work`` returns, once its changes are kept, all or none; ``default`` where they cannot be."""
        return self._run("BEGIN IMMEDIATE", work, default)

    def _run(self, begin: str, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        for is_last in (False, True):
            try:
                with closing(self._open(check=is_last)) as connection:
                    connection.execute(begin)
                    result = work(connection)
                    connection.execute("COMMIT")
                    return result
            except (sqlite3.Error, OSError) as error:
                if is_last or not _is_damaged(error):
                    self._tell(f"the history in {shown(self.path)} cannot be used and is left as it is: {error}")
                    return default
        raise AssertionError("the last turn returns")

    def _open(self, *, check: bool) -> sqlite3.Connection:
        """A connection to a file of this version, made now if there is none. ``check`` looks through all of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(self.path.with_suffix(".lock")):
            if check and (damage := self._damage()):
                self._set_aside(damage)
            connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
            try:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(_SCHEMA)
                elif version != VERSION:
                    raise sqlite3.NotSupportedError(f"it has format {version}, this grader knows format {VERSION}")
                connection.execute("PRAGMA synchronous = NORMAL")
            except BaseException:
                connection.close()
                raise
            return connection

    def _damage(self) -> str:
        """What is wrong with the file; nothing when it is whole."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as connection:
                found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                raise
            return str(error)
        return "" if found == "ok" else found

    def _set_aside(self, damage: str) -> None:
        moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self.path.with_name(f"{self.path.stem}.damaged-{moment}{self.path.suffix}")
        for tail in ("", "-wal", "-shm"):
            part = Path(f"{self.path}{tail}")
            if part.exists():
                part.rename(f"{aside}{tail}")
        self._tell(
            f"the history in {shown(self.path)} is damaged ({damage}); "
            f"it was moved to {shown(aside)}, and a new one has begun"
        )


def _is_damaged(error: Exception) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process at a time opens, makes or moves the file."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
