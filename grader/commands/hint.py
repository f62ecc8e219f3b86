"""`hint`: one of an exercise's three hints, each after an attempt that changed something."""

from __future__ import annotations

import argparse

from grader.catalog import Catalog, layout
from grader.catalog.hints import HINTS, read_hints
from grader.commands.exit_status import OK
from grader.commands.learner import add_name, exercise_meant, history_of, refuse_during_drill, standings
from grader.commands.look import Look, add_plain, look
from grader.commands.markdown import print_markdown
from grader.commands.options import whole
from grader.errors import ExerciseError
from grader.history import History, hint_lock
from grader.model import Exercise


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, and a hint to read again."""
    add_name(parser)
    parser.add_argument(
        "--number", type=whole(1, HINTS), metavar="N", help="this hint; default: the next, else the last that is open"
    )
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the hint if it is open or may be opened now, and say what opens the next."""
    catalog = Catalog.load(arguments.kit)
    history = history_of(catalog)
    show_hint(exercise_meant(catalog, arguments.name, history), history, look(arguments), arguments.number)
    return OK


def show_hint(exercise: Exercise, history: History, seen: Look, number: int | None = None) -> None:
    """Print hint ``number``, or the next, or the last that is open; or what opens it.

    Raises:
        UsageError: a drill is running.
        ExerciseError: the kit's hints are not all there.
    """
    from grader.report.words import GRADE

    refuse_during_drill(history, "hints")
    hints = dict(read_hints(exercise))
    if len(hints) != HINTS:
        raise ExerciseError(layout.hints(exercise), f"has {len(hints)} hints", f"write {HINTS}")
    (standing,) = standings([exercise], history)
    wanted = number or min(standing.hints + 1, HINTS)
    lock = hint_lock(standing, wanted)
    if lock and standing.hints and not number:
        wanted, lock = standing.hints, ""
    if lock:
        print(f"Hint {wanted} of {HINTS} for {exercise.name} is still closed: {lock}.")
        print(f"    {GRADE.format(exercise.name)}")
        return
    history.open(exercise, f"hint {wanted}", standing.attempts[-1].files if standing.attempts else "")
    print_markdown(f"**Hint {wanted} of {HINTS}** for {exercise.name}\n\n{hints[wanted]}", seen)
    (standing,) = standings([exercise], history)
    if wanted < HINTS and (lock := hint_lock(standing, wanted + 1)):
        print(f"\nFor hint {wanted + 1}: {lock}.")
