"""Everything that can go wrong on the grader's side, by whose fault it is.

    GraderError
    ├── UsageError          the command was wrong: an unknown name, a file that is not there     exit status 2
    ├── ExerciseError       an exercise of the kit is at fault: its manifest, its suite          exit status 3
    ├── UnavailableError    this machine cannot give what was asked for, such as a level         exit status 3
    └── InternalError       the grader is at fault                                               exit status 3

A learner's fault is none of these: it is a verdict in the report.
The message of each is written for the person who meets it: what happened, where, and what mends it.
"""

from __future__ import annotations

from pathlib import Path


class GraderError(Exception):
    """A fault that ends a command. ``exit_status`` is what the command line ends with."""

    exit_status = 3


class UsageError(GraderError):
    """The command was wrong; ``near`` are names that the user may have meant."""

    exit_status = 2

    def __init__(self, message: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(f"{message}; did you mean {' or '.join(near)}?" if near else message)
        self.near = near


class ExerciseError(GraderError):
    """A file of an exercise is wrong: which one, what is wrong with it, and what mends it."""

    def __init__(self, path: Path, fault: str, mend: str = "", line: int = 0) -> None:
        place = f"{shown(path)}:{line}" if line else shown(path)
        super().__init__(f"{place}: {fault}" + (f"; {mend}" if mend else ""))
        self.path = path
        self.fault = fault
        self.mend = mend
        self.line = line


class UnavailableError(GraderError):
    """This machine cannot give what was asked for; ``remedy`` is one command that mends it, or empty."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}; to mend it: {remedy}" if remedy else message)
        self.remedy = remedy


class InternalError(GraderError):
    """The grader is at fault."""


def shown(path: Path) -> str:
    """The path as a person would write it: from the current folder where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
