"""`next`: suggests what to do next, and leaves the choice to the learner."""

from __future__ import annotations

import argparse
import sys

from grader.catalog import Catalog
from grader.commands.exit_status import OK
from grader.commands.learner import history_of, standings
from grader.commands.look import add_plain, look
from grader.history import suggest


def add_options(parser: argparse.ArgumentParser) -> None:
    """Only how it looks."""
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Begun work comes before new work."""
    from grader.report.page import Page
    from grader.report.standing_page import add_next
    from grader.report.words import GRADER

    catalog = Catalog.load(arguments.kit)
    suggested = suggest(standings(catalog, history_of(catalog)))
    commands = {"hint": GRADER.format(f"hint {suggested.exercise.name}")} if suggested and suggested.begun else {}
    seen = look(arguments)
    page = Page(seen.width, seen.ascii_only)
    add_next(page, suggested, commands)
    sys.stdout.write(page.render(seen.coloured))
    return OK
