"""Batches: right submissions, each a file of its own, against plain pytest started for each, two at a time."""

from __future__ import annotations

import csv
import math
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from grader.catalog import Catalog
from tests.bench import SEED
from tests.bench.figures import Figure, both
from tests.bench.grading import EXERCISE, pytest
from tests.bench.processes import ROOT, Failed, Usage, run

Found = TypeVar("Found")

WORKERS = 2
SIZES = (10, 50, 200)
#: Batches between which growth is measured.
FEW, MANY = 50, 1_000
#: Runs of plain pytest before a batch, and as many after it: what one costs does not depend on how many there are.
PLAIN = 6
LEVEL = "sealed"


def batch(_times: int) -> list[Figure]:
    """Batches of several sizes, once each; every cost is that of one submission."""
    figures = []
    for size in SIZES:
        ours, theirs = beside_plain(partial(grade_batch, size))
        name = f"{LEVEL} batch of {size}, a submission"
        limit = 1 / 3 if size == max(SIZES) else None
        figures += both(name, ours.share(size), theirs, "pytest for each", limit=limit)
    return figures


def growth(_times: int) -> list[Figure]:
    """What a submission costs among 1,000; and how time and memory grow from a batch of 50 to that one."""
    (few, many), theirs = beside_plain(lambda: (grade_batch(FEW), grade_batch(MANY)))
    return [
        *both(f"{LEVEL} batch of {MANY}, a submission", many.share(MANY), theirs, "pytest for each"),
        grown("time", few.wall, many.wall, at_most=MANY / FEW * 1.1),
        grown("CPU time", few.cpu, many.cpu, at_most=MANY / FEW * 1.1),
        grown("the largest process", few.peak, many.peak, at_most=1.1),
    ]


def grown(what: str, few: float, many: float, at_most: float) -> Figure:
    """The exponent e of a cost that grows as n^e with n submissions; ``at_most``: how many times as much is allowed."""

    def exponent(growth: float) -> float:
        return math.log(growth) / math.log(MANY / FEW)

    name = f"batch of {FEW} to {MANY}, growth of {what}"
    return Figure(name, "exponent", exponent(many / few), 1, "linear", limit=exponent(at_most))


def grade_batch(size: int) -> Usage:
    """Grades ``size`` right submissions as a course would, at the strongest level and with nothing remembered.

    Raises:
        Failed: one of them did not get all points, so that something else was measured.
    """
    source = (Catalog.load().get(EXERCISE).hidden / "lru_cache.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        handed_in, out = Path(folder, "handed_in"), Path(folder, "out")
        for number in range(size):
            place = handed_in / f"student{number}"
            place.mkdir(parents=True)
            (place / "lru_cache.py").write_text(f"{source}\n# handed in by {number}\n", encoding="utf-8")
        command = [sys.executable, "-m", "grader", "batch", str(handed_in), EXERCISE, "--out", str(out), "--quiet"]
        command += ["--require", LEVEL, "--jobs", str(WORKERS * 2), "--seed", str(SEED), "--no-cache"]
        usage = run(command)
        with (out / "gradebook.csv").open(newline="") as table:
            lost = [row["name"] for row in csv.DictReader(table) if row["score"] != "100"]
        if lost:
            raise Failed(f"of a batch of {size} these lost points: {', '.join(lost[:10])}")
        return usage


def plain(one: Callable[[], Usage] = lambda: pytest(ROOT / "solutions" / EXERCISE)) -> Usage:
    """One submission's share of ``PLAIN`` runs of pytest, or of another grader, two at a time."""
    began = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        usages = list(pool.map(lambda _: one(), range(PLAIN)))
    wall = time.perf_counter() - began
    return Usage(wall / PLAIN, sum(usage.cpu for usage in usages) / PLAIN)


def beside_plain(work: Callable[[], Found], share: Callable[[], Usage] | None = None) -> tuple[Found, Usage]:
    """What ``work`` found, and the mean of ``plain``, or of another ``share``, before and after it."""
    share = share or plain
    before, found, after = share(), work(), share()
    return found, Usage((before.wall + after.wall) / 2, (before.cpu + after.cpu) / 2)
