"""`report`: a learner's history, on the terminal or as one page of HTML."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grader.catalog import Catalog
from grader.commands.exit_status import OK
from grader.commands.learner import history_of, is_begun
from grader.commands.look import add_plain, look
from grader.commands.options import add_targets
from grader.commands.output import check_output, write_output
from grader.history import read_record


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to report on, and where to."""
    add_targets(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page of HTML; - is standard output")
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Progress, weak topics, attempts and mocks."""
    if arguments.html:
        check_output("html", arguments.html)
    catalog = Catalog.load(arguments.kit)
    exercises = catalog.select(arguments.targets) if arguments.targets else tuple(catalog)
    record = read_record(exercises, history_of(catalog), is_begun)
    if arguments.html:
        from grader.report.history_html import history_html

        write_output("html", arguments.html, history_html(record))
        return OK

    from grader.report.history_page import add_history
    from grader.report.page import Page

    seen = look(arguments)
    page = Page(seen.width, seen.ascii_only)
    add_history(page, record)
    sys.stdout.write(page.render(seen.coloured))
    return OK
