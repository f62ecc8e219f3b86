"""`list`: one line per exercise."""

from __future__ import annotations

import argparse
import sys

from grader.catalog import Catalog
from grader.commands.exit_status import AT_FAULT, OK
from grader.commands.options import add_targets


def add_options(parser: argparse.ArgumentParser) -> None:
    """A track or an exercise narrows the list."""
    add_targets(parser)


def run(arguments: argparse.Namespace) -> int:
    """One line per exercise: name, minutes, difficulty, title."""
    catalog = Catalog.load(arguments.kit)
    exercises = catalog.select(arguments.targets) if arguments.targets else tuple(catalog)
    width = max((len(exercise.name) for exercise in exercises), default=0)
    for exercise in exercises:
        print(f"{exercise.name:{width}}  {exercise.minutes:3} min  {exercise.difficulty:6}  {exercise.title}")
    for fault in catalog.faults.values():
        print(f"grader: {fault}", file=sys.stderr)
    return AT_FAULT if catalog.faults else OK
