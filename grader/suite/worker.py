"""Processes that run the checks of suites. Several may share the checks of one: each takes the next when it is free."""

from __future__ import annotations

import os

import msgspec

from grader.cell.launcher import Launcher
from grader.cell.watch import watch
from grader.model import Exercise, RunOptions, Submission
from grader.suite.checking import Checks, Note, Order, run_checks
from grader.suite.collected import Collected
from grader.suite.dialogues import Kept
from grader.suite.warm import warm_up

_LAST_WORDS = 1_500  # characters shown of what a process said before it ended


class Worker:
    """A forked process that runs checks of one suite. It writes a note for each that is decided."""

    def __init__(
        self,
        exercise: Exercise,
        submission: Submission,
        checks: Checks,
        launcher: Launcher,
        options: RunOptions,
        kept: Kept | None = None,
    ) -> None:
        """Forks. The child never returns from here. With ``kept`` it comes from a process that has collected the suite;
        known dialogues are not run again then, and new ones are told of.
        """
        source = (
            kept.process(exercise, launcher, options) if kept is not None else None
        )  # may fork: no pipe is open yet
        #: Becomes readable when there are notes, or none will come any more.
        self.output, write = os.pipe()
        #: Whether all notes have been read.
        self.ended = False
        #: The check in hand: what is lost if the process ends now.
        self.in_hand = ""
        self._partial = b""
        self._said = os.memfd_create("said")
        self._source: Collected | None = None
        if kept is not None and source is not None:
            try:
                self._number = source.fork(submission.files, kept.dialogues, checks, [write, self._said])
                self._source = source
            except OSError:  # it has ended; what is wrong with the suite shows when it is collected here
                kept.close()
        if self._source is None:
            self._fork(exercise, submission, checks, launcher, options, write)
        os.close(write)

    def _fork(
        self,
        exercise: Exercise,
        submission: Submission,
        checks: Checks,
        launcher: Launcher,
        options: RunOptions,
        write: int,
    ) -> None:
        watch.rest()
        warm_up(exercise.services)
        self._number = os.fork()
        if self._number == 0:
            os.close(self.output)
            os.dup2(self._said, 1)  # nothing that a suite prints may mix with a report
            os.dup2(self._said, 2)
            with os.fdopen(write, "wb", buffering=0) as output:
                run_checks(exercise, launcher, options, None, lambda: Order(submission.files, checks, output))
            os._exit(0)

    def read(self) -> list[Note]:
        """The notes that have come."""
        data = os.read(self.output, 1 << 16)
        self.ended = not data
        *lines, self._partial = (self._partial + data).split(b"\n")
        notes = [msgspec.json.decode(line, type=Note) for line in lines]
        for note in notes:
            if note.began or note.result is not None:
                self.in_hand = note.began
        return notes

    def close(self) -> str:
        """Waits for the end; how it ended and what was said last, which matters when a check has no result."""
        os.close(self.output)
        if self._source is None:
            code = os.waitstatus_to_exitcode(os.waitpid(self._number, 0)[1])
        else:
            code = self._source.exit_code(self._number)
        said = os.pread(self._said, 1 << 20, 0).decode("utf-8", "replace").strip()
        os.close(self._said)
        ending = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the suite's process ended early ({ending}); its last words: {said[-_LAST_WORDS:]}"
