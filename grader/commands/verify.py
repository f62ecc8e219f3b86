"""`verify`: proves exercises."""

from __future__ import annotations

import argparse
import os

from grader.catalog import Catalog
from grader.commands.options import add_targets, whole

_PER_CORE = 3  # solutions at once: most of them wait, for events, time-outs and servers


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to prove, and how many cores may be used."""
    add_targets(parser)
    parser.add_argument("--feedback", action="store_true", help="judge what learners read, and every repro file, too")
    parser.add_argument("--record", action="store_true", help="with --feedback: write what learners read, for review")
    parser.add_argument("--strict", action="store_true", help="a fault that shows once, and not alone, is a fault")
    parser.add_argument("--jobs", type=whole(1, 1024), metavar="N", help="solutions at once; default: 3 per core")


def run(arguments: argparse.Namespace) -> int:
    """Prove exercises; each fault names the file and the mend."""
    from grader.feedback import Feedback
    from grader.verify import verify

    exercises = Catalog.load(arguments.kit).select(arguments.targets)
    parallel = arguments.jobs or _PER_CORE * (os.cpu_count() or 1)
    is_asked = arguments.feedback or arguments.record
    feedback = Feedback(record=arguments.record, parallel=parallel) if is_asked else None
    return verify(exercises, parallel=parallel, strict=arguments.strict, feedback=feedback)
