"""`list`: every exercise and where the learner stands with it."""

from __future__ import annotations

import argparse
import sys

from grader.catalog import Catalog
from grader.commands.exit_status import AT_FAULT, OK
from grader.commands.learner import history_of, standings
from grader.commands.look import add_plain, look
from grader.commands.options import add_targets


def add_options(parser: argparse.ArgumentParser) -> None:
    """A track or an exercise narrows the list."""
    add_targets(parser)
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Per exercise: state, best score, minutes, difficulty, title."""
    from grader.report.page import Page
    from grader.report.standing_page import add_list

    catalog = Catalog.load(arguments.kit)
    exercises = catalog.select(arguments.targets) if arguments.targets else tuple(catalog)
    seen = look(arguments)
    page = Page(seen.width, seen.ascii_only)
    add_list(page, standings(exercises, history_of(catalog)))
    sys.stdout.write(page.render(seen.coloured))
    for fault in catalog.faults.values():
        print(f"grader: {fault}", file=sys.stderr)
    return AT_FAULT if catalog.faults else OK
