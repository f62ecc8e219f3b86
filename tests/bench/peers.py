"""Another grader on the same checks of the same submission, where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.bench.batches import LEVEL, grade_batch, plain
from tests.bench.figures import Figure
from tests.bench.grading import EXERCISE, grade, in_process
from tests.bench.processes import ROOT, Usage, alternate, run

#: The Python of an environment with gradescope-utils, pytest and hypothesis, if that is not this one.
PYTHON = os.environ.get("ONSPOT_BENCH_GRADESCOPE", sys.executable)
SIZE = 50


def gradescope(times: int) -> list[Figure]:
    """Right submissions, one cold and a batch, against Gradescope's runner started for each."""
    needed = "import gradescope_utils, hypothesis, pytest"
    if subprocess.run([PYTHON, "-c", needed], check=False, stderr=subprocess.DEVNULL).returncode:
        print("gradescope-utils is not installed; ONSPOT_BENCH_GRADESCOPE=.../bin/python names an environment with it")
        return []
    ours, theirs = alternate(times, lambda: grade([EXERCISE], f"solutions/{EXERCISE}"), with_unittest)
    before = plain(with_unittest)
    batch = grade_batch(SIZE)
    after = plain(with_unittest)
    name, peer = f"grade {EXERCISE} cold against gradescope-utils", "gradescope-utils"
    many, each = f"{LEVEL} batch of {SIZE} against gradescope-utils", "gradescope-utils for each"
    return [
        Figure(name, "wall", ours.wall, theirs.wall, peer),
        Figure(name, "CPU", ours.cpu, theirs.cpu, peer),
        Figure(many, "wall", batch.wall / SIZE, (before.wall + after.wall) / 2, each),
        Figure(many, "CPU", batch.cpu / SIZE, (before.cpu + after.cpu) / 2, each),
    ]


def with_unittest() -> Usage:
    """The suite on the reference beside it, in one process, as Gradescope would run it."""
    return run([PYTHON, "-m", "tests.bench.with_unittest"], in_process(ROOT / "solutions" / EXERCISE))
