"""``python -m tests.bench.stateful cell|process``: one stateful check, 100 examples of up to 50 steps, and its cost.

Prints the seconds of wall and CPU time that the check took, without what was imported and started before it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from grader.catalog import Catalog, layout
from grader.catalog.checks import read_checks
from grader.catalog.submission import read_submission
from grader.cell.levels import open_cells
from grader.model import Exercise, RunOptions
from grader.suite.runner import settle_hypothesis
from grader.suite.session import Run, Session
from tests.bench import SEED
from tests.bench.processes import Usage

EXERCISE, CHECK = "week2/lru_cache", "test_model"
OPTIONS = RunOptions(SEED)


def main(where: str) -> None:
    exercise = Catalog.load().get(EXERCISE)
    settle_hypothesis(OPTIONS)
    spec = importlib.util.spec_from_file_location("suite", layout.suite(exercise))
    assert spec is not None
    assert spec.loader is not None
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)
    with session(exercise) if where == "cell" else contextlib.nullcontext() as opened:
        subject = reference(exercise) if opened is None else opened.subject
        before = used(opened)
        getattr(suite, CHECK)(subject)
        after = used(opened)
    print(json.dumps([after.wall - before.wall, after.cpu - before.cpu]))


@contextlib.contextmanager
def session(exercise: Exercise) -> Iterator[Session]:
    """A check's session, as in a grading, with its cell started."""
    check = next(check for check in read_checks(layout.suite(exercise)) if check.id == CHECK)
    submission = read_submission(exercise, exercise.hidden)
    with contextlib.closing(open_cells(seed=OPTIONS.seed)) as cells:
        launcher = cells.launcher(exercise.cell.preload)
        with contextlib.closing(Session(Run(exercise, submission.files, "", launcher, OPTIONS), check)) as opened:
            assert opened.subject.LRUCache  # the first use starts the cell and imports the submission
            gc.freeze()  # as the processes that run suites do
            yield opened


def reference(exercise: Exercise) -> Any:
    """The reference, imported into this process."""
    sys.path.insert(0, str(exercise.hidden))
    return importlib.import_module(exercise.module)


def used(opened: Session | None) -> Usage:
    """What this process and the cell have used so far."""
    of_cell = opened.cell.process.cpu_seconds() if opened is not None else 0.0
    return Usage(time.perf_counter(), time.process_time() + of_cell)


if __name__ == "__main__":
    main(sys.argv[1])
