"""`hint`: one of an exercise's three hints, each after an attempt that changed something."""

from __future__ import annotations

import argparse
import sys

from grader.catalog import Catalog, layout
from grader.catalog.hints import HINTS, read_hints
from grader.commands.exit_status import OK
from grader.commands.learner import add_name, exercise_meant, history_of, refuse_during_drill, standings
from grader.commands.look import add_plain, look
from grader.commands.markdown import print_markdown
from grader.commands.options import whole
from grader.errors import ExerciseError
from grader.history import hint_lock


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, and a hint to read again."""
    add_name(parser)
    parser.add_argument(
        "--number", type=whole(1, HINTS), metavar="N", help="this hint; default: the next, else the last that is open"
    )
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the hint if it is open or may be opened now, and say what opens the next."""
    from grader.report.words import GRADE

    catalog = Catalog.load(arguments.kit)
    history = history_of(catalog)
    refuse_during_drill(history, "hints")
    exercise = exercise_meant(catalog, arguments.name, history)
    hints = dict(read_hints(exercise))
    if len(hints) != HINTS:
        raise ExerciseError(layout.hints(exercise), f"has {len(hints)} hints", f"write {HINTS}")
    (standing,) = standings([exercise], history)
    number = arguments.number or min(standing.hints + 1, HINTS)
    lock = hint_lock(standing, number)
    if lock and standing.hints and not arguments.number:
        number, lock = standing.hints, ""
    if lock:
        print(f"Hint {number} of {HINTS} for {exercise.name} is still closed: {lock}.")
        print(f"    {GRADE.format(exercise.name)}")
        return OK
    history.open(exercise, f"hint {number}", standing.attempts[-1].files if standing.attempts else "")
    print_markdown(f"**Hint {number} of {HINTS}** for {exercise.name}\n\n{hints[number]}", look(arguments))
    (standing,) = standings([exercise], history)
    if number < HINTS and (lock := hint_lock(standing, number + 1)):
        print(f"\nFor hint {number + 1}: {lock}.", file=sys.stdout)
    return OK
