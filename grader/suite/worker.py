"""Processes that run the checks of suites. Several may share the checks of one: each takes the next when it is free."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping, Sequence
from typing import IO

import msgspec

from grader.catalog import layout
from grader.cell.dialogue import Dialogue
from grader.cell.launcher import Launcher
from grader.cell.watch import watch
from grader.errors import GraderError
from grader.model import Check, CheckResult, Exercise, RunOptions, Submission
from grader.suite.tickets import Tickets
from grader.suite.warm import warm_up

_LAST_WORDS = 1_500  # characters shown of what a process said before it ended


class Checks:
    """The checks of a suite, each to be taken once, by whichever process asks first.

    What takes longest comes first, or one core would be idle while another is still at it: checks that are known to
    make many calls. The others follow in their order.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        self._names = [check.id for check in sorted(checks, key=lambda check: not check.ahead)]
        self._tickets = Tickets.of(len(checks))

    def take(self) -> str:
        """The id of the next check, or nothing when all have been taken."""
        number = self._tickets.draw()
        return "" if number is None else self._names[number]

    def take_rest(self) -> list[str]:
        """The ids of all that nobody has taken."""
        return list(iter(self.take, ""))

    def close(self) -> None:
        self._tickets.close()


class Note(msgspec.Struct):
    """One line from a worker to the process that started it."""

    began: str = ""  # the check that it has taken
    result: CheckResult | None = None
    services: list[str] = []
    problem: str = ""
    dialogue: tuple[str, Dialogue] | None = None  # of a suite's item, by its name, that was passed


class Worker:
    """A forked process that runs checks of one suite. It writes a note for each that is decided."""

    def __init__(
        self,
        exercise: Exercise,
        submission: Submission,
        checks: Checks,
        launcher: Launcher,
        options: RunOptions,
        known: Mapping[str, Dialogue] | None = None,
    ) -> None:
        """Forks. The child never returns from here. ``known`` dialogues are not run again, and new ones are told of."""
        #: Becomes readable when there are notes, or none will come any more.
        self.output, write = os.pipe()
        #: Whether all notes have been read.
        self.ended = False
        #: The check in hand: what is lost if the process ends now.
        self.in_hand = ""
        self._partial = b""
        self._said = os.memfd_create("said")
        watch.rest()
        warm_up(exercise.services)
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self.output)
            os.dup2(self._said, 1)  # nothing that a suite prints may mix with a report
            os.dup2(self._said, 2)
            with os.fdopen(write, "wb", buffering=0) as output:
                _work(exercise, submission, checks, launcher, options, known, output)
            os._exit(0)
        os.close(write)

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
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        said = os.pread(self._said, 1 << 20, 0).decode("utf-8", "replace").strip()
        os.close(self._said)
        ending = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the suite's process ended early ({ending}); its last words: {said[-_LAST_WORDS:]}"


def _work(
    exercise: Exercise,
    submission: Submission,
    checks: Checks,
    launcher: Launcher,
    options: RunOptions,
    known: Mapping[str, Dialogue] | None,
    output: IO[bytes],
) -> None:
    """The child's whole life."""
    from grader.suite.repeating import Repeating
    from grader.suite.runner import run_suite
    from grader.suite.session import Run

    gc.freeze()  # what was here before is never garbage; to look at it again would only copy its pages
    driver = layout.driver(exercise)
    source = driver.read_text() if driver.is_file() else ""
    run = Run(exercise, submission.files, source, launcher, options)

    def tell(note: Note) -> None:
        output.write(msgspec.json.encode(note) + b"\n")

    def take() -> str:
        name = checks.take()
        if name:
            tell(Note(name))
        return name

    repeating = None
    if known is not None:
        repeating = Repeating(known, lambda name, dialogue: tell(Note(dialogue=(name, dialogue))))
    try:
        run_suite(run, layout.suite(exercise), lambda result: tell(Note("", result, run.services)), take, repeating)
    except GraderError as error:
        tell(Note(problem=str(error)))
