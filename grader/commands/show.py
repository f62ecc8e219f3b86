"""`show`: the statement of an exercise."""

from __future__ import annotations

import argparse

from grader.catalog import Catalog, layout
from grader.commands.exit_status import OK
from grader.commands.learner import add_name, exercise_meant, history_of
from grader.commands.look import add_plain, look
from grader.commands.markdown import print_markdown
from grader.errors import ExerciseError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, and how to write it."""
    add_name(parser)
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """The statement, drawn where a person reads it and as it is written elsewhere."""
    catalog = Catalog.load(arguments.kit)
    exercise = exercise_meant(catalog, arguments.name, history_of(catalog))
    try:
        statement = layout.statement(exercise).read_text(encoding="utf-8")
    except OSError as error:
        raise ExerciseError(layout.statement(exercise), f"cannot be read: {error.strerror}") from None
    print_markdown(statement, look(arguments))
    return OK
