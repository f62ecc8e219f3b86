"""`solution`: the reference, beside one's own work, once it has been earned or given up for."""

from __future__ import annotations

import argparse
import sys

from grader.catalog import Catalog, read_submission
from grader.commands.exit_status import OK
from grader.commands.learner import add_name, exercise_meant, history_of, refuse_during_drill, standings
from grader.commands.look import add_plain, look
from grader.errors import UsageError, shown
from grader.history import SOLUTION


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, and the way without a pass."""
    add_name(parser)
    parser.add_argument("--give-up", action="store_true", help="show it although the exercise is not passed yet")
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show how the reference differs from one's own work."""
    from grader.report.difference import add_difference
    from grader.report.page import Page

    catalog = Catalog.load(arguments.kit)
    history = history_of(catalog)
    refuse_during_drill(history, "solutions")
    exercise = exercise_meant(catalog, arguments.name, history)
    (standing,) = standings([exercise], history)
    if not standing.first_pass and not arguments.give_up:
        raise UsageError(f"the solution of {exercise.name} opens when you pass it; --give-up opens it now")
    reference = read_submission(exercise, exercise.hidden)
    if not reference.files:
        raise UsageError(f"this kit holds no solution of {exercise.name}: {reference.problem}")
    history.open(exercise, SOLUTION, standing.attempts[-1].files if standing.attempts else "")
    seen = look(arguments)
    page = Page(seen.width, seen.ascii_only)
    add_difference(page, read_submission(exercise, exercise.folder), reference)
    sys.stdout.write(page.render(seen.coloured))
    print(f"\nThe whole of it: {shown(exercise.hidden)}")
    return OK
