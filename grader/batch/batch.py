"""One batch from beginning to end, which may have been begun by an earlier process that was killed."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from grader import __version__
from grader.batch.course import Course, Engine, Here, Task, handed_in
from grader.batch.ledger import Ledger, Terms
from grader.batch.outputs import write_all, write_report
from grader.batch.progress import BatchProgress
from grader.batch.roster import read_roster
from grader.catalog import Catalog
from grader.cell.levels import open_cells
from grader.errors import InternalError, UsageError
from grader.model import Exercise, ExerciseReport, Level, Report, RunOptions
from grader.remembering import Memory, Remembered, default_folder
from grader.scoring import is_grader_at_fault
from grader.suite.warm import warm_up_for_many

_NAMED = 10  # submissions, where there may be many


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    source: Path
    out: Path
    targets: Sequence[str]
    seed: int | None  # None: that of the batch that was begun, or a fresh one
    isolation: Level | None
    require: Level | None
    timeout: float | None
    parallel: int
    recall: bool  # whether reports of earlier gradings will do
    broker: str | None = None  # where workers take their tasks; None: graded here


def grade_batch(catalog: Catalog, wanted: Wanted, progress_stream: TextIO | None) -> int:
    """Grades what has no report yet and writes everything; returns how many submissions there are.

    Raises:
        UsageError: there is nothing to grade, or the folder holds another batch.
        UnavailableError: no cell can be made at the level asked for, no broker answers, or the disk is full.
        InternalError: a worker refuses, or a check could not be judged; all reports are written.
    """
    if wanted.source.is_dir() and wanted.out.resolve().is_relative_to(wanted.source.resolve()):
        raise UsageError(
            f"--out {wanted.out} lies in {wanted.source}, which holds submissions; choose a folder beside it"
        )

    def say(text: str) -> None:
        if progress_stream is not None:
            print(text, file=progress_stream, flush=True)

    with ExitStack() as stack:
        stack.enter_context(alone_in(wanted.out))
        ledger = stack.enter_context(closing(Ledger(wanted.out / "ledger.sqlite3")))
        entries = read_roster(wanted.source, wanted.out / "handed_in", say)
        exercises = catalog.select(wanted.targets) if wanted.targets else handed_in(catalog, entries)
        if not exercises:
            raise UsageError(f"{wanted.source} holds no exercise of this kit; name the exercises that it is for")
        seed = _seed(ledger, wanted)
        options = RunOptions(seed, wanted.timeout)
        batch = ledger.terms.batch if ledger.has_begun else uuid.uuid4().hex
        engine = stack.enter_context(_engine(ledger, wanted, exercises[0], options, batch, say))
        terms = Terms(
            __version__,
            seed,
            [each.name for each in exercises],
            wanted.timeout,
            engine.isolation,
            dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            batch,
        )
        _agree(ledger, wanted, terms)
        memory = Memory(default_folder())
        course = Course(entries, exercises, ledger)
        left = dict.fromkeys((entry.name for entry in entries), len(exercises))
        progress = stack.enter_context(BatchProgress(len(entries) * len(exercises), progress_stream))

        def on_report(task: Task, report: ExerciseReport | None) -> None:
            progress.step(graded=report is not None)
            if report is not None and wanted.broker is None:  # what is remembered holds for this machine
                memory.keep(task.key, Remembered(report, engine.isolation, ledger.terms.started))
            left[task.entry.name] -= 1
            if not left[task.entry.name]:
                write_report(wanted.out, task.entry.name, course.report(task.entry))

        course.grade(
            engine,
            course.tasks(partial(memory.key, options=options, isolation=wanted.isolation, require=wanted.require)),
            memory.recall if wanted.recall else lambda _key: None,
            on_report,
        )
        at_fault: list[str] = []

        def reports() -> Iterator[tuple[str, Report]]:
            for name, report in course.reports():
                if is_grader_at_fault(*report.exercises):
                    at_fault.append(name)
                yield name, report

        write_all(wanted.out, exercises, reports())
        memory.prune()
        if at_fault:
            raise InternalError(
                f"{len(at_fault)} of {len(entries)} submissions have checks that the grader failed at, as their reports"
                f" tell: {', '.join(at_fault[:_NAMED])}; the same command tries these again"
            )
    return len(entries)


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Holds the folder, so that no two batches write to it at once.

    The lock is this process's own: what it has forked and a kill has left behind holds up no later batch.

    Raises:
        UsageError: another batch is at work there, or it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / "lock").open("w")
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror}") from None
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            raise UsageError(f"another batch is at work in {out}; wait for it, or choose another folder") from None
        yield


def _seed(ledger: Ledger, wanted: Wanted) -> int:
    """The seed asked for, that of the batch that has begun, or one that nobody foresees."""
    if wanted.seed is not None:
        return wanted.seed
    return ledger.terms.seed if ledger.has_begun else int.from_bytes(os.urandom(4))


@contextmanager
def _engine(
    ledger: Ledger, wanted: Wanted, first: Exercise, options: RunOptions, batch: str, say: Callable[[str], None]
) -> Iterator[Engine]:
    """What grades, here or elsewhere, with the level agreed on."""
    if wanted.broker is None:
        cells = open_cells(
            wanted.isolation,
            require=wanted.require,
            seed=options.seed,
            preload=first.cell.preload,
            allow_bare=wanted.isolation is Level.BARE,
            meanwhile=warm_up_for_many,
        )
        with closing(Here(cells, options, wanted.parallel)) as here:
            yield here
        return
    from grader.batch.elsewhere import Elsewhere  # which needs what is an extra

    with closing(Elsewhere(wanted.broker, batch, options, say)) as elsewhere:
        begun = ledger.terms.isolation if ledger.has_begun else None
        elsewhere.agree(begun, wanted.isolation, wanted.require)
        yield elsewhere


def _agree(ledger: Ledger, wanted: Wanted, terms: Terms) -> None:
    """Begins a batch on these terms, or goes on with one that was begun on the same."""
    if not ledger.has_begun:
        ledger.begin(terms)
    begun = ledger.terms
    for what, was, now in [
        ("kit", begun.kit, terms.kit),
        ("seed", begun.seed, terms.seed),
        ("set of exercises", begun.exercises, terms.exercises),
        ("timeout", begun.timeout, terms.timeout),
        ("isolation", begun.isolation.level, terms.isolation.level),
    ]:
        if was != now:
            mend = "ask for the same, or choose another folder for --out"
            raise UsageError(f"{wanted.out} holds a batch with another {what} ({was}, not {now}); {mend}")
