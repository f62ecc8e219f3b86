"""What was typed: the command, which alone is imported, its options, and what is wrong with them."""

from __future__ import annotations

import argparse
import difflib
import importlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from grader import __version__
from grader.errors import UsageError

Command = Callable[[argparse.Namespace], int]

#: Command -> purpose, in the order of the help text. Each is a module of grader/commands/ with that name.
COMMANDS = {
    "grade": "Grade exercises",
    "list": "List the exercises and how you stand with each",
    "next": "Suggest what to do next",
    "watch": "Grade what you save, at once, until you quit",
    "show": "Show an exercise: its statement and what is graded",
    "hint": "Open the next of an exercise's three hints, after an attempt",
    "solution": "Show how the reference differs from your work, after a pass",
    "reset": "Begin an exercise anew and keep the work",
    "mock": "Draw a timed set, as in an interview, and grade it at the end",
    "report": "Show your history: progress, weak topics, attempts",
    "repro": "Write a file that shows why a check failed",
    "batch": "Grade all submissions of a course",
    "worker": "Grade what batches ask for, on this machine, until stopped",
    "new": "Write the skeleton of a new exercise",
    "verify": "Prove that exercises are graded rightly",
    "doctor": "Tell what this machine can do and what is missing",
}


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are usage errors, so that all faults leave by one door."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; `{self.prog} --help` tells more")


def parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """What the command does, and its options.

    Raises:
        UsageError: something is unknown, missing or out of its range.
    """
    if not argv or argv[0] not in COMMANDS:
        _without_command(argv)
    name = argv[0]
    module = importlib.import_module(f"grader.commands.{name}")
    parser = Parser(prog=f"grader {name}", description=f"{COMMANDS[name]}.", allow_abbrev=False)
    module.add_options(parser)
    parser.add_argument("--kit", type=Path, metavar="DIR", help="the checkout with exercises/ and solutions/")
    arguments, unknown = parser.parse_known_args(argv[1:])
    if unknown:
        known = [option for action in parser._actions for option in action.option_strings]
        raise UsageError(f"there is no option {unknown[0]}", _near(unknown[0].partition("=")[0], known))
    return module.run, arguments


def _without_command(argv: Sequence[str]) -> NoReturn:
    """Help, the version, or an error."""
    if argv and not argv[0].startswith("-"):
        raise UsageError(f"there is no command {argv[0]}", _near(argv[0], COMMANDS))
    parser = Parser(prog="grader", description="Grades backend interview exercises.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"onspot {__version__}")
    adder = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        adder.add_parser(name, help=purpose, add_help=False)
    parser.parse_args(argv)
    raise UsageError("name a command; `grader --help` lists them")


def _near(word: str, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(word, list(known), 2))
