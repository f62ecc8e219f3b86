"""Grading again in warm processes, as ``watch`` does after a save."""

from __future__ import annotations

import time
from contextlib import closing
from statistics import median

from grader.catalog import Catalog
from grader.catalog.submission import read_submission
from grader.grading import grade, open_warm_cells
from grader.model import MAX_SCORE
from grader.suite.dialogues import Dialogues
from tests.bench import SEED
from tests.bench.figures import Figure
from tests.bench.grading import EXERCISE, pytest
from tests.bench.processes import ROOT, Failed


def saved(times: int) -> list[Figure]:
    """A right submission that was graded before, against plain pytest on the same checks, started afresh."""
    exercise = Catalog.load().get(EXERCISE)
    submission = read_submission(exercise, exercise.hidden)
    dialogues = Dialogues()
    pairs = []
    with closing(open_warm_cells(exercise.cell.preload, seed=SEED)) as cells:
        for _ in range(times + 1):
            began = time.perf_counter()
            report = grade([(exercise, submission)], seed=SEED, cells=cells, dialogues=dialogues)
            ours = time.perf_counter() - began
            if report.score != MAX_SCORE:
                raise Failed(f"{EXERCISE} scored {report.score}")
            pairs.append((ours, pytest(ROOT / "solutions" / EXERCISE).wall))
    warm, plain = (median(column) for column in zip(*pairs[1:], strict=True))
    return [Figure(f"grade {EXERCISE} warm", "wall", warm, plain, "pytest in process", limit=0.25)]
