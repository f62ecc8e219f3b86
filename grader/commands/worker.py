"""`worker`: grades what batches with `--engine celery` ask for. As many as wanted, on as many machines."""

from __future__ import annotations

import argparse
import os

from grader.catalog import Catalog
from grader.commands.options import BROKER, BROKER_DEFAULT, number, require_cluster, whole
from grader.model import Level


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where work comes from, and what is refused."""
    add = parser.add_argument
    add("--broker", metavar="URL", default=BROKER, help=f"the Redis that work comes from; {BROKER_DEFAULT}")
    add("--require", choices=[level.value for level in Level], help="refuse to grade below this level")
    add("--jobs", type=whole(1, 1024), metavar="N", help="submissions at once; default: one per core")
    add("--metrics", type=whole(1, 65_535), metavar="PORT", help="count what is done, for Prometheus, on this port")
    add(
        "--redeliver",
        type=number(1, 86_400),
        metavar="S",
        help="seconds after which a dead worker's work is another's, the same for all workers; default: 60",
    )


def run(arguments: argparse.Namespace) -> int:
    """Work until told to stop."""
    require_cluster()
    from grader.cluster.broker import REDELIVER_S
    from grader.cluster.worker import Wanted, run_worker

    wanted = Wanted(
        broker=arguments.broker,
        require=Level(arguments.require) if arguments.require else None,
        processes=arguments.jobs or os.cpu_count() or 1,
        redeliver_s=arguments.redeliver or REDELIVER_S,
        metrics_port=arguments.metrics,
    )
    return run_worker(Catalog.load(arguments.kit), wanted)
