"""`reset`: begins an exercise anew and keeps the work."""

from __future__ import annotations

import argparse
import datetime as dt

from grader.catalog import Catalog, layout
from grader.commands.exit_status import OK
from grader.errors import shown


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, by name: nothing is reset by accident."""
    parser.add_argument("name", metavar="TRACK/NAME")


def run(arguments: argparse.Namespace) -> int:
    """Put the stub back and say where the work is kept."""
    from grader.reset import reset

    catalog = Catalog.load(arguments.kit)
    exercise = catalog.get(arguments.name)
    folder = shown(reset(catalog.root, exercise, dt.datetime.now()))  # noqa: DTZ005 - a folder named for its owner
    print(f"{layout.shown_stub(exercise.name)} holds the stub again. Your work is kept; to get it back:")
    print(f"    cp -r {folder}/. {shown(exercise.folder)}")
    return OK
