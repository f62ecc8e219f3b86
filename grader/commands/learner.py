"""What the learner's commands have in common: the history, the standings, and the exercise that is meant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from grader.catalog import Catalog, last_worked_on, read_submission
from grader.catalog.hints import HINTS
from grader.errors import UsageError
from grader.history import History, Standing, hint_due, stand, suggest
from grader.model import Exercise


def add_name(parser: argparse.ArgumentParser) -> None:
    """One exercise, or the one at hand."""
    parser.add_argument("name", nargs="?", metavar="TRACK/NAME", help="default: the exercise you worked on last")


def history_of(catalog: Catalog) -> History:
    """The learner's history; what is wrong with it is told on standard error."""
    return History(catalog.root, lambda complaint: print(f"grader: {complaint}", file=sys.stderr))


def is_begun(exercise: Exercise) -> bool:
    """Whether anything is written beyond the stub."""
    submission = read_submission(exercise, exercise.folder)
    return bool(submission.files) and not submission.is_stub


def standings(exercises: Iterable[Exercise], history: History) -> list[Standing]:
    """Where the learner stands with each of the exercises."""
    return stand(exercises, history.attempts(), history.opened(), is_begun)


def exercise_meant(catalog: Catalog, name: str | None, history: History) -> Exercise:
    """The exercise of that name; without one, the one worked on last, else the one to do next.

    Raises:
        UsageError: there is no such exercise, or the kit has none at all.
    """
    if name is not None:
        return catalog.get(name)
    if latest := last_worked_on(catalog):
        return latest
    if (suggested := suggest(standings(catalog, history))) is None:
        raise UsageError("name an exercise; `grader list` shows them")
    return suggested.exercise


def hint_offer(exercise: Exercise, history: History) -> str:
    """One line that offers the next hint to who has tried some times; else nothing."""
    (standing,) = standings([exercise], history)
    due = 0 if history.running_drill() else hint_due(standing)
    return f"Stuck? Hint {due} of {HINTS} is open: python -m grader hint {exercise.name}" if due else ""


def refuse_during_drill(history: History, what: str) -> None:
    """Hints and solutions stay closed while a drill's clock runs.

    Raises:
        UsageError: it does.
    """
    if history.running_drill():
        raise UsageError(f"{what} stay closed during a mock; `grader mock --finish` ends and grades it")
