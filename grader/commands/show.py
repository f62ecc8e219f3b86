"""`show`: the statement of an exercise."""

from __future__ import annotations

import argparse

from grader.catalog import Catalog, layout
from grader.commands.exit_status import OK
from grader.commands.learner import add_name, exercise_meant, history_of
from grader.commands.look import Look, add_plain, look
from grader.commands.markdown import print_markdown
from grader.errors import ExerciseError
from grader.model import Exercise


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, and how to write it."""
    add_name(parser)
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """The statement, drawn where a person reads it and as it is written elsewhere."""
    catalog = Catalog.load(arguments.kit)
    show_statement(exercise_meant(catalog, arguments.name, history_of(catalog)), look(arguments))
    return OK


def show_statement(exercise: Exercise, seen: Look) -> None:
    """Print the exercise's README.

    Raises:
        ExerciseError: it cannot be read.
    """
    path = layout.statement(exercise)
    try:
        statement = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExerciseError(path, f"cannot be read: {error.strerror}") from None
    print_markdown(statement, seen)
