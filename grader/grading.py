"""Grades submissions, recalling what is known of them and running suites for the rest. The one way to grade."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext

from grader import __version__
from grader.cell.levels import Cells, open_cells
from grader.model import Event, EventKind, Level, Report, RunOptions
from grader.remembering import Memory, Remembered
from grader.running import Job, is_to_run, run_jobs
from grader.scoring import score_report
from grader.suite.dialogues import Dialogues
from grader.suite.warm import warm_up, warm_up_for_many

_MANY = 3  # submissions, for which it pays to rehearse


def grade(
    jobs: Iterable[Job],
    *,
    seed: int,
    isolation: Level | None = None,
    require: Level | None = None,
    timeout: float | None = None,
    parallel: int | None = None,
    allow_bare: bool = True,
    shrink: bool = True,
    record: bool = False,
    memory: Memory | None = None,
    cells: Cells | None = None,
    dialogues: Dialogues | None = None,
    on_event: Callable[[Event], None] = lambda _event: None,
) -> Report:
    """Grades every job and reports on all, in their order.

    ``timeout`` replaces the exercises' own seconds per call and per check. ``parallel`` processes run suites at once,
    by default as many as there are processors. ``shrink=False`` leaves failing examples as they were found.
    ``record`` keeps the steps of failed checks for repro files. What
    ``memory`` knows is not run again. ``cells`` are used and left open, in place of new ones.
    ``dialogues`` are what a caller keeps who grades again and again by the same suites.

    Raises:
        UnavailableError: no cell can be made at the level asked for.
    """
    started = _now()
    listed = list(jobs)
    options = RunOptions(seed, timeout, shrink, record=record)
    keys = [memory.key(job, options, isolation, require) if memory else "" for job in listed]
    known = {index: found for index, key in enumerate(keys) if memory and (found := memory.recall(key))}
    for found in known.values():
        on_event(Event(found.report.name, EventKind.STORED, found.report))
    reports = {index: found.report for index, found in known.items()}
    if known and len(known) == len(listed):
        oldest = min(known.values(), key=lambda found: found.started)
        found_isolation, started = oldest.isolation, oldest.started
    else:
        rest = [index for index in range(len(listed)) if index not in known]
        todo = [listed[index] for index in rest]
        opened = _open_cells(todo, isolation, require, seed, allow_bare) if cells is None else cells
        with closing(opened) if cells is None else nullcontext():
            found_isolation = opened.isolation
            for number, report in run_jobs(todo, opened, options, parallel or os.cpu_count() or 1, on_event, dialogues):
                reports[rest[number]] = report
                if memory:
                    memory.keep(keys[rest[number]], Remembered(report, found_isolation, started))
    ordered = [reports[index] for index in range(len(listed))]
    return score_report(ordered, kit=__version__, seed=seed, isolation=found_isolation, started=started)


def open_warm_cells(preload: tuple[str, ...] = (), *, seed: int) -> Cells:
    """Cells for a caller who grades again and again; what suites need is imported by now, too. To be closed.

    Raises:
        UnavailableError: no cell can be made.
    """
    return open_cells(seed=seed, preload=preload, meanwhile=warm_up_for_many)


def _open_cells(jobs: list[Job], isolation: Level | None, require: Level | None, seed: int, allow_bare: bool) -> Cells:
    """Cells for these jobs, with what the first of them wants; what suites need is imported while they start."""
    to_run = [exercise for exercise, submission in jobs if is_to_run(submission)]
    return open_cells(
        isolation,
        require=require,
        seed=seed,
        preload=to_run[0].cell.preload if to_run else (),
        allow_bare=allow_bare,
        meanwhile=warm_up_for_many if len(to_run) >= _MANY else warm_up if to_run else _nothing,
    )


def _nothing() -> None:
    """No suite will run."""


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
