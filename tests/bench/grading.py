"""Grading from end to end: against plain pytest in one process, and isolated against bare."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from grader.cell.levels import open_cells
from grader.model import Level
from grader.suite.runner import storage
from tests.bench import SEED
from tests.bench.figures import Figure, both
from tests.bench.processes import ROOT, Failed, Usage, alternate, run

EXERCISE = "week2/lru_cache"


def cold(times: int) -> list[Figure]:
    """One right submission, everything started afresh, against plain pytest on the same checks in process."""
    where = f"solutions/{EXERCISE}"
    ours, alone, plain = alternate(
        times,
        lambda: grade([EXERCISE], where),
        lambda: grade([EXERCISE], where, "--jobs", "1"),
        lambda: pytest(ROOT / where),
    )
    name, plainly = f"grade {EXERCISE} cold", "pytest in process"
    return [*both(name, ours, plain, plainly, limit=1), *both(f"{name}, --jobs 1", alone, plain, plainly)]


def isolated(times: int) -> list[Figure]:
    """Every exercise at the strongest level that works here, against no isolation at all."""
    with contextlib.closing(open_cells()) as cells:
        level = cells.isolation.level

    def at(level: Level) -> Callable[[], Usage]:
        return lambda: grade([], "solutions", "--isolation", level)

    strong, bare = alternate(min(times, 2), at(level), at(Level.BARE))
    name, plainly = f"grade every exercise {level}", Level.BARE
    return both(name, strong, bare, plainly)


def grade(targets: list[str], submission: str, *options: str) -> Usage:
    """Grades a right submission as a person would, reports and all.

    Raises:
        Failed: it did not get all points, so that something else was measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        where = ["--submission", submission, "--no-cache", "--seed", str(SEED), "--quiet", "--json", str(report)]
        usage = run([sys.executable, "-m", "grader", "grade", *targets, *where, *options])
        for exercise in json.loads(report.read_text(encoding="utf-8"))["exercises"]:
            if exercise["score"] != exercise["max_score"]:
                lost = [check["id"] for check in exercise["checks"] if check["verdict"] != "passed"]
                raise Failed(f"{exercise['name']} scored {exercise['score']}: {', '.join(lost)}")
    return usage


def pytest(solution: Path) -> Usage:
    """Runs a suite on the reference beside it with plain pytest: no cell, no report, no other plugin.

    Raises:
        Failed: a check failed, so that something else was measured.
    """
    return run(pytest_command(solution), in_process(solution))


def pytest_command(solution: Path, *options: str, python: str = sys.executable) -> list[str]:
    """Plain pytest on the suite beside a solution; to be run in the environment ``in_process``."""
    command = [python, "-m", "pytest", "-p", "tests.bench.in_process", "-p", "no:cacheprovider", *options]
    return [*command, "-c", os.devnull, f"--rootdir={solution}", f"--confcutdir={solution}", str(solution / "suite.py")]


def in_process(solution: Path) -> dict[str, str]:
    """The environment in which a suite finds the solution beside it, and ``tests.bench.in_process`` both."""
    return {
        "ONSPOT_BENCH_SUBJECT": solution.name,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{solution}",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(storage()),
    }
