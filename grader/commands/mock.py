"""`mock`: a timed set, as in an interview: drawn by a seed, against the clock, without hints, graded at the end."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from grader.catalog import Catalog, layout, read_submission
from grader.cell.levels import Cells
from grader.commands.exit_status import OK
from grader.commands.learner import history_of, is_begun
from grader.commands.look import Look, add_plain, look
from grader.commands.options import add_targets, whole
from grader.drill import draw, in_folder, last_change, lay_out
from grader.errors import UnavailableError, UsageError
from grader.grading import grade, open_warm_cells
from grader.history import Drill, History, digest, read_record
from grader.keyboard import QUIT, Keyboard
from grader.model import Exercise
from grader.report.drill_page import add_comparison, add_set
from grader.report.page import Page
from grader.report.to_terminal import to_terminal
from grader.saves import Saves

_FINISH = "f"
_TICK_S = 0.25
_TOLD_MIN = 10  # minutes between two lines where a clock cannot be drawn in place


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the set is drawn from, and how long it lasts."""
    add_targets(parser, "draw from these tracks or exercises; default: all")
    add = parser.add_argument
    add("--minutes", type=whole(1, 24 * 60), metavar="N", help="how long the clock runs; default: 90")
    add("--topic", action="append", metavar="NAME", help="draw from exercises on this topic; may be repeated")
    add("--seed", type=whole(0, 2**32 - 1), metavar="N", help="draw the same set as others with this seed")
    add("--weak", action="store_true", help="rather draw what you have been weak at; then a seed is yours alone")
    add("--finish", action="store_true", help="end the mock that is running, and grade it")
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Begin a mock or go on with the one that is running; grade it when its time is up or it is finished."""
    catalog = Catalog.load(arguments.kit)
    history = history_of(catalog)
    drill = history.running_drill()
    if drill and (arguments.targets or arguments.minutes or arguments.topic or arguments.seed is not None):
        until = f"{drill.deadline.astimezone():%H:%M}"
        raise UsageError(f"a mock runs until {until}; `grader mock` goes on with it, `grader mock --finish` ends it")
    if drill is None and arguments.finish:
        raise UsageError("no mock is running; `grader mock` begins one")
    drill = drill or _begin(catalog, history, arguments)
    exercises = _exercises(catalog, history, drill)
    seen = look(arguments)
    is_over = arguments.finish or _now() >= drill.deadline
    with closing(open_warm_cells(exercises[0].cell.preload, seed=drill.seed)) as cells:
        if not is_over:
            page = Page(seen.width, seen.ascii_only)
            add_set(page, drill, exercises)
            sys.stdout.write(page.render(seen.coloured))
            sys.stdout.flush()
            with Keyboard() as keyboard:
                if not keyboard.is_there:
                    print("\n`grader mock --finish` grades it.")
                    return OK
                is_over = Clock(drill, exercises, history, cells, seen).run(keyboard.key)
        if is_over:
            _end(catalog, history, drill, exercises, cells, seen)
    return OK


def _begin(catalog: Catalog, history: History, arguments: argparse.Namespace) -> Drill:
    """Draw a set, lay it out, start the clock."""
    chosen = catalog.select(arguments.targets)
    if arguments.topic:
        known = sorted({topic for exercise in chosen for topic in exercise.topics})
        for topic in arguments.topic:
            if topic not in known:
                raise UsageError(f"no exercise is on {topic}; known topics: {', '.join(known)}")
        chosen = tuple(exercise for exercise in chosen if set(arguments.topic) & set(exercise.topics))
    seed = arguments.seed if arguments.seed is not None else int.from_bytes(os.urandom(2))
    minutes = arguments.minutes or 90
    weak = read_record(chosen, history, is_begun).topics if arguments.weak else ()
    exercises = draw(chosen, seed=seed, minutes=minutes, weak=weak)
    folder = layout.drills(catalog.root) / f"{dt.datetime.now():%Y-%m-%d_%H-%M-%S}"  # noqa: DTZ005 - for its owner
    lay_out(catalog.root, exercises, folder)
    drill = history.begin_drill(seed, minutes, [exercise.name for exercise in exercises], str(folder))
    if drill is None:
        raise UnavailableError("another mock has just begun, or the history cannot be written")
    return drill


def _exercises(catalog: Catalog, history: History, drill: Drill) -> tuple[Exercise, ...]:
    """The set, with the work in the drill's folder; what the kit has lost since is left out."""
    left = [exercise for exercise in catalog if exercise.name in drill.exercises]
    if not left:
        history.end_drill(drill, 0.0, None, 0.0)
        raise UsageError("the kit holds none of the mock's exercises any more, so the mock has ended")
    return in_folder(left, Path(drill.folder))


def _end(
    catalog: Catalog, history: History, drill: Drill, exercises: tuple[Exercise, ...], cells: Cells, seen: Look
) -> None:
    """Grade what is there, keep the record, and compare."""
    before = [attempt for attempt in history.attempts() if attempt.drill != drill.id]
    stood = read_record(list(catalog), history, is_begun, before).topics
    jobs = [(exercise, read_submission(exercise, exercise.folder)) for exercise in exercises]
    late_s = max(0.0, last_change(exercises) - drill.deadline.timestamp())
    print("\nGrading ...", flush=True)
    report = grade(jobs, seed=drill.seed, cells=cells)
    history.record(jobs, report, drill.id)
    passing = [attempt for attempt in history.attempts() if attempt.drill == drill.id and attempt.score > 0]
    first_pass_s = (passing[0].at - drill.started).total_seconds() if passing else None
    history.end_drill(drill, report.score, first_pass_s, late_s)
    sys.stdout.write(
        to_terminal(
            report,
            width=seen.width,
            coloured=seen.coloured,
            ascii_only=seen.ascii_only,
            advice=False,
            every_check=True,
        )
    )
    page = Page(seen.width, seen.ascii_only)
    add_comparison(page, replace(drill, first_pass_s=first_pass_s, late_s=late_s), exercises, report, stood)
    sys.stdout.write(page.render(seen.coloured))


class Clock:
    """The clock of a drill. Saves are graded without a word, only to know when the first check passed."""

    def __init__(
        self,
        drill: Drill,
        exercises: tuple[Exercise, ...],
        history: History,
        cells: Cells,
        seen: Look,
        now: Callable[[], dt.datetime] = lambda: _now(),
    ) -> None:
        self._drill = drill
        self._history = history
        self._cells = cells
        self._seen = seen
        self._now = now
        self._saves = Saves(exercises)
        self._graded: dict[str, str] = {}
        self._told = -1

    def run(self, key: Callable[[float], str]) -> bool:
        """Runs until time is up, the learner finishes (true) or leaves (false). ``key(seconds)`` is the next key."""
        asked = False
        while self._now() < self._drill.deadline:
            self.draw(asked=asked)
            pressed = key(_TICK_S)
            if pressed == QUIT:
                print("\nThe clock goes on; `grader mock` comes back to it.")
                return False
            if pressed == _FINISH and asked:
                return True
            asked = pressed == _FINISH or (asked and not pressed)
            self._grade_saves()
        return True

    def draw(self, *, asked: bool = False) -> None:
        """The time that is left, in place; a line now and then where the screen is read out or kept."""
        left = max(0, int((self._drill.deadline - self._now()).total_seconds()))
        keys = "f again finishes and grades" if asked else "f finish  q leave"
        if not self._seen.ascii_only:
            sys.stdout.write(f"\r\x1b[2K{left // 60}:{left % 60:02} left  {keys}")
        elif (mark := left // (60 * _TOLD_MIN) * 2 + asked) != self._told:
            self._told = mark
            print(f"{left // 60}:{left % 60:02} left  {keys}")
        sys.stdout.flush()

    def _grade_saves(self) -> None:
        for exercise in self._saves.look():
            submission = read_submission(exercise, exercise.folder)
            if digest(submission) != self._graded.get(exercise.name):
                self._graded[exercise.name] = digest(submission)
                jobs = [(exercise, submission)]
                report = grade(jobs, seed=self._drill.seed, cells=self._cells, on_event=lambda _: self.draw())
                self._history.record(jobs, report, self._drill.id)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
