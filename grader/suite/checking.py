"""What a process does that runs checks of one suite: it takes one after the other and tells of each."""

from __future__ import annotations

import gc
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import msgspec

from grader.catalog import layout
from grader.cell.dialogue import Dialogue
from grader.cell.launcher import Launcher
from grader.errors import GraderError
from grader.model import CheckResult, Exercise, RunOptions

_TICKET = struct.Struct("<H")


class Checks:
    """The checks of a suite in their order, each to be taken once, by whichever process asks first."""

    def __init__(self, names: Sequence[str], tickets: int | None = None) -> None:
        """``tickets``: those of another process, as it has sent the file."""
        self._names = names
        if tickets is None:
            tickets, write = os.pipe()
            os.write(write, b"".join(map(_TICKET.pack, range(len(names)))))
            os.close(write)
        #: Where they are taken, for whoever shall share them.
        self.tickets = tickets

    def take(self) -> str:
        """The id of the next check, or nothing when all have been taken."""
        ticket = os.read(self.tickets, _TICKET.size)
        return self._names[_TICKET.unpack(ticket)[0]] if ticket else ""

    def take_rest(self) -> list[str]:
        """The ids of all that nobody has taken."""
        return list(iter(self.take, ""))

    def close(self) -> None:
        os.close(self.tickets)


class Note(msgspec.Struct):
    """One line from a worker to the process that started it."""

    began: str = ""  # the check that it has taken
    result: CheckResult | None = None
    services: list[str] = []
    problem: str = ""
    dialogue: tuple[str, Dialogue] | None = None  # of a suite's item, by its name, that was passed


@dataclass(frozen=True)
class Order:
    """Checks to run against one submission, and where to tell of them."""

    files: dict[str, bytes]
    checks: Checks
    output: IO[bytes]


def run_checks(
    exercise: Exercise,
    launcher: Launcher,
    options: RunOptions,
    known: Mapping[str, Dialogue] | None,
    await_order: Callable[[], Order],
) -> None:
    """Collects the suite, awaits the order in the process that is to carry it out, and carries it out."""
    from grader.suite.repeating import Repeating
    from grader.suite.runner import run_suite
    from grader.suite.session import Run

    gc.freeze()  # what was here before is never garbage; to look at it again would only copy its pages
    driver = layout.driver(exercise)
    source = driver.read_text() if driver.is_file() else ""
    run = Run(exercise, {}, source, launcher, options)
    orders: list[Order] = []

    def begin() -> None:
        order = await_order()
        orders.append(order)
        run.files = order.files

    def tell(note: Note) -> None:
        orders[0].output.write(msgspec.json.encode(note) + b"\n")

    def take() -> str:
        name = orders[0].checks.take()
        if name:
            tell(Note(name))
        return name

    repeating = None
    if known is not None:
        repeating = Repeating(known, lambda name, dialogue: tell(Note(dialogue=(name, dialogue))))
    try:
        run_suite(
            run, layout.suite(exercise), lambda result: tell(Note("", result, run.services)), begin, take, repeating
        )
    except GraderError as error:
        if not orders:
            begin()
        tell(Note(problem=str(error)))
