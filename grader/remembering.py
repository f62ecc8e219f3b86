"""Remembers reports by content: what was graded once is not graded again while nothing that could matter has changed.

A report's key is a SHA-256 of all that it depends on: the files handed in, the exercise's hidden files, the grader's
source, the interpreter, every installed distribution, the programs of services, the machine, the seed and the options.
Whatever is not certain to come out the same is not kept: time-outs, deaths, the grader's faults, and anything graded
without a sandbox, from where the store itself could be written.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from grader.catalog import layout
from grader.cell import outer
from grader.model import Exercise, ExerciseReport, Isolation, Level, RunOptions, Verdict
from grader.running import Job, is_to_run
from grader.services.valkey_server import find_server

_CERTAIN = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR)
_MOST = 20_000  # reports kept; the oldest go first


class Remembered(msgspec.Struct, frozen=True):
    """A report with what the grading that made it ran at."""

    report: ExerciseReport
    isolation: Isolation
    started: str  # ISO 8601, UTC


class Memory:
    """Reports in a folder, one file each, named by their keys. Several processes may share one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._surroundings: bytes | None = None

    def key(self, job: Job, options: RunOptions, isolation: Level | None, require: Level | None) -> str:
        """The name of the job's report; empty for what is not run anyway."""
        exercise, submission = job
        if not is_to_run(submission):
            return ""
        self._surroundings = self._surroundings or _surroundings()
        parts = [self._surroundings, repr((options, isolation, require)).encode(), exercise_digest(exercise).encode()]
        for name, content in sorted(submission.files.items()):
            parts += [name.encode("utf-8", "surrogateescape"), content]
        return _digest(parts)

    def recall(self, key: str) -> Remembered | None:
        """What was kept under the key; None when nothing was, or when it cannot be read any more."""
        try:
            return msgspec.json.decode(self._file(key).read_bytes(), type=Remembered) if key else None
        except (OSError, msgspec.DecodeError):
            return None

    def keep(self, key: str, found: Remembered) -> None:
        """Keeps a report, if its like would come again. A folder that cannot be written keeps nothing."""
        certain = all(result.verdict in _CERTAIN for result in found.report.checks)
        if not key or not certain or found.isolation.level is Level.BARE:
            return
        file = self._file(key)
        partial = file.with_name(f"{key}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(msgspec.json.encode(found))
            partial.replace(file)
        except OSError:
            return

    def prune(self) -> None:
        """Forgets the oldest reports beyond the most that are kept."""
        files = [(path.stat().st_mtime, path) for path in self._folder.glob("??/*")]
        for _, path in sorted(files)[: max(0, len(files) - _MOST)]:
            path.unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / key


def default_folder() -> Path:
    """Where reports are kept: below the user's caches, outside every checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "onspot" / "reports"


def exercise_digest(exercise: Exercise) -> str:
    """The exercise by content, wherever it lies: its manifest and all that its suite may read."""
    parts = [repr(dataclasses.replace(exercise, folder=Path(), hidden=Path())).encode()]
    for path in layout.suite_files(exercise):
        parts += [path.name.encode(), path.read_bytes()]
    return _digest(parts)


def grader_digest() -> str:
    """The grader by its source."""
    grader = Path(__file__).parent
    parts = []
    for path in sorted(grader.rglob("*.py")):
        parts += [str(path.relative_to(grader)).encode(), path.read_bytes()]
    return _digest(parts)


def _surroundings() -> bytes:
    """What every report depends on: the grader, the interpreter, what is installed, this machine."""
    parts = [repr((sys.version, sys.executable, os.geteuid(), platform.uname())).encode(), grader_digest().encode()]
    parts += map(_stamp, _distributions())
    parts += [_stamp(Path(program)) for program in (find_server(), outer.bubblewrap()) if program]
    return _digest(parts).encode()


def _distributions() -> Iterator[Path]:
    """The record of every installed distribution, whose name holds its version."""
    for entry in sys.path:
        yield from sorted(Path(entry).glob("*.dist-info/RECORD"))


def _stamp(path: Path) -> bytes:
    status = path.stat()
    return repr((str(path), status.st_size, status.st_mtime_ns)).encode()


def _digest(parts: Iterable[bytes]) -> str:
    """A SHA-256 of the parts, each told apart from the next by its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
