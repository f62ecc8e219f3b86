"""`batch`: grades all submissions of a course. Killed at any moment and run again, it goes on where it was."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from grader.catalog import Catalog
from grader.commands.exit_status import OK
from grader.commands.options import BROKER, BROKER_DEFAULT, number, require_cluster, whole
from grader.errors import UsageError
from grader.model import Level


def add_options(parser: argparse.ArgumentParser) -> None:
    """Whose work to grade, for what, and where to write."""
    add = parser.add_argument
    add(
        "source",
        type=Path,
        metavar="SOURCE",
        help="a folder, .zip or .tar.gz of submissions, or a .csv list",
    )
    add("targets", nargs="*", metavar="TARGET", help="tracks and exercises; default: all that anybody has handed in")
    add("--out", type=Path, metavar="DIR", required=True, help="where reports, gradebook and summary are written")
    add("--seed", type=whole(0, 2**32 - 1), metavar="N", help="of the examples, the same for all; default: a fresh one")
    add("--jobs", type=whole(1, 1024), metavar="N", help="submissions at once here; default: 2 for every core")
    add("--timeout", type=number(0.1, 86_400), metavar="S", help="seconds that one check may take at most")
    add("--isolation", choices=[level.value for level in Level], help="run cells at this level")
    add("--require", choices=[level.value for level in Level], help="refuse to grade below this level")
    add("--no-cache", action="store_true", help="grade anew what was graded in another batch")
    add("--engine", choices=["local", "celery"], default="local", help="grade here, or by workers on any machines")
    add("--broker", metavar="URL", help=f"the Redis that workers take their tasks from; {BROKER_DEFAULT}")
    add("--quiet", action="store_true", help="print no progress")


def run(arguments: argparse.Namespace) -> int:
    """Grade what has no report yet, then write the gradebook and the summary."""
    from grader.batch.batch import Wanted, grade_batch

    if arguments.engine == "celery":
        require_cluster()
        if arguments.jobs:
            raise UsageError(
                "--jobs is for --engine local; `grader worker --jobs N` says how much a worker does at once"
            )
    elif arguments.broker:
        raise UsageError("--broker is for --engine celery")
    out: Path = arguments.out
    wanted = Wanted(
        source=arguments.source,
        out=out,
        targets=arguments.targets,
        seed=arguments.seed,
        isolation=Level(arguments.isolation) if arguments.isolation else None,
        require=Level(arguments.require) if arguments.require else None,
        timeout=arguments.timeout,
        parallel=arguments.jobs or 2 * (os.cpu_count() or 1),  # each waits for cells now and then
        recall=not arguments.no_cache,
        broker=(arguments.broker or BROKER) if arguments.engine == "celery" else None,
    )
    count = grade_batch(Catalog.load(arguments.kit), wanted, None if arguments.quiet else sys.stderr)
    if not arguments.quiet:
        print(f"{count} graded: {out / 'gradebook.csv'}, {out / 'summary.html'}, {out / 'reports'}/")
    return OK
