"""What the command line takes: commands, options, and what is wrong with what was typed."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from grader import __version__
from grader.errors import UsageError
from grader.model import MAX_SCORE, Level

STDOUT = Path("-")
FORMAT_OPTIONS = ("json", "junit", "markdown")


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are usage errors, so that all faults leave by one door."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; `{self.prog} --help` tells more")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command and its options.

    Raises:
        UsageError: something is unknown, missing or out of its range.
    """
    parser, commands = _parsers()
    words = [word for word in argv if not word.startswith("-")]
    if words and argv[0] == words[0] and words[0] not in commands:
        raise UsageError(f"there is no command {words[0]}", _near(words[0], commands))
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        known = [name for action in commands[arguments.command]._actions for name in action.option_strings]
        raise UsageError(f"there is no option {unknown[0]}", _near(unknown[0].partition("=")[0], known))
    return arguments


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = Parser(prog="grader", description="Grades backend interview exercises.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"onspot {__version__}")
    adder = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands: dict[str, Parser] = {}

    def command(name: str, purpose: str, targets: str = "") -> Parser:
        made = adder.add_parser(name, help=purpose, description=purpose + ".", allow_abbrev=False)
        if targets:
            made.add_argument("targets", nargs="*", metavar="TARGET", help=targets)
        made.add_argument("--kit", type=Path, metavar="DIR", help="the checkout with exercises/ and solutions/")
        commands[name] = made
        return made

    targets = "a track, an exercise or a path; default: all"
    _add_grade_options(command("grade", "Grade exercises", targets.replace("all", "the one you worked on last")))
    command("list", "List the exercises", targets)
    show = command("show", "Show an exercise: its statement and what is graded")
    show.add_argument("name", metavar="TRACK/NAME")
    show.add_argument("--plain", action="store_true", help="the statement as it is written")
    new = command("new", "Write the skeleton of a new exercise")
    new.add_argument("name", metavar="TRACK/NAME")
    verify = command("verify", "Prove that exercises are graded rightly", targets)
    verify.add_argument("--jobs", type=_whole(1, 1024), metavar="N", help="exercises at once; default: one per core")
    command("doctor", "Tell what this machine can do and what is missing")
    return parser, commands


def _add_grade_options(grade: Parser) -> None:
    add = grade.add_argument
    add("--submission", type=Path, metavar="DIR", help="grade this tree, folder or file instead of exercises/")
    for name in FORMAT_OPTIONS:
        add(f"--{name}", type=Path, metavar="FILE", help=f"write the report as {name}; - is standard output")
    add(
        "--seed",
        type=_whole(0, 2**32 - 1),
        metavar="N",
        help="draw the same examples as the report with this seed",
    )
    add("--min-score", type=_number(0, MAX_SCORE), metavar="N", help="end with status 1 below this score")
    add("--jobs", type=_whole(1, 1024), metavar="N", help="exercises at once; default: one per core")
    add("--timeout", type=_number(0.1, 86_400), metavar="S", help="seconds that one check may take at most")
    levels = [level.value for level in Level]
    add("--isolation", choices=levels, help="run cells at this level; default: the strongest that works")
    add("--require", choices=levels, help="refuse to grade below this level")
    add("--plain", action="store_true", help="no colour, no drawing, no symbols")
    add("--quiet", action="store_true", help="print no report and no progress")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse_whole(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not between {low} and {high}")
        return number

    return parse_whole


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse_number(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if math.isnan(number) or not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return number

    return parse_number


def _near(word: str, known: Sequence[str] | dict[str, Parser]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(word, known, 2))
