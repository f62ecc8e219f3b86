"""What whoever grades many submissions keeps of suites: a process each, and what submissions that passed said."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from grader.catalog import layout
from grader.cell.dialogue import Dialogue
from grader.cell.launcher import Launcher
from grader.model import Exercise, Level, RunOptions
from grader.suite.collected import Collected


@dataclass
class Kept:
    """What is kept of one suite as its files were, with one seed and at one level."""

    digest: bytes
    #: By the names of the suite's items; to be added to.
    dialogues: dict[str, Dialogue] = field(default_factory=dict)
    _process: Collected | None = None

    def process(self, exercise: Exercise, launcher: Launcher, options: RunOptions) -> Collected:
        """The process that has collected the suite, started now if there is none for the launcher."""
        if self._process is None or self._process.launcher is not launcher:
            self.close()
            self._process = Collected(exercise, launcher, options)
        return self._process

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.close()
            self._process = None


class Dialogues:
    """One dialogue at most for each item of each suite, so that they do not grow with the number of submissions."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}  # by the exercise's name

    def of(self, exercise: Exercise, options: RunOptions, level: Level) -> Kept:
        """What is kept of a suite as its files are now. What belongs to other files, options or levels is let go."""
        digest = hashlib.sha256(repr((exercise, options, level)).encode())
        for path in layout.suite_files(exercise):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        kept = self._kept.get(exercise.name)
        if kept is None or kept.digest != digest.digest():
            if kept is not None:
                kept.close()
            kept = self._kept[exercise.name] = Kept(digest.digest())
        return kept

    def close(self) -> None:
        """Ends the suites' processes."""
        for kept in self._kept.values():
            kept.close()
