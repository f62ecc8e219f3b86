"""`show`: the statement of an exercise."""

from __future__ import annotations

import argparse
import shutil
import sys

from grader.catalog import Catalog, layout
from grader.commands.exit_status import OK
from grader.errors import ExerciseError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, and how to write it."""
    parser.add_argument("name", metavar="TRACK/NAME")
    parser.add_argument("--plain", action="store_true", help="the statement as it is written")


def run(arguments: argparse.Namespace) -> int:
    """The statement, drawn where a person reads it and as it is written elsewhere."""
    exercise = Catalog.load(arguments.kit).get(arguments.name)
    try:
        statement = layout.statement(exercise).read_text(encoding="utf-8")
    except OSError as error:
        raise ExerciseError(layout.statement(exercise), f"cannot be read: {error.strerror}") from None
    if arguments.plain or not sys.stdout.isatty():
        print(statement.rstrip())
        return OK

    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=min(100, shutil.get_terminal_size().columns))
    console.print(Markdown(statement))
    return OK
