"""`watch`: grades what is saved, in processes that stay warm, and answers to single keys."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import closing

from grader.catalog import Catalog, layout, read_submission
from grader.cell.levels import Cells
from grader.commands.exit_status import OK
from grader.commands.hint import show_hint
from grader.commands.learner import add_name, exercise_meant, hint_offer, history_of, standings
from grader.commands.look import add_plain, look
from grader.commands.options import number
from grader.commands.show import show_statement
from grader.errors import GraderError
from grader.grading import grade, open_warm_cells
from grader.history import History, digest, suggest
from grader.keyboard import QUIT, Keyboard
from grader.model import MAX_SCORE, Exercise, Report, Status
from grader.progress import Progress
from grader.report.page import Page
from grader.report.standing_page import add_list
from grader.report.to_terminal import to_terminal
from grader.report.words import number as score
from grader.saves import Saves
from grader.suite.dialogues import Dialogues

#: Key -> what it does.
KEYS = {"n": "next", "h": "hint", "s": "statement", "l": "list", "r": "run again", QUIT: "quit"}
_SOON_S = 0.03  # until a file that has just changed is looked at again
_CLEAR = "\x1b[H\x1b[2J"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to begin, and how often to look."""
    add_name(parser)
    parser.add_argument(
        "--poll",
        type=number(0.02, 60),
        default=0.1,
        metavar="S",
        help="look at the files every S seconds; default: 0.1. More spares a slow network mount",
    )
    add_plain(parser)


def run(arguments: argparse.Namespace) -> int:
    """Grade now, then after each save, until the learner quits."""
    catalog = Catalog.load(arguments.kit)
    history = history_of(catalog)
    exercise = exercise_meant(catalog, arguments.name, history)
    with Keyboard() as keyboard, closing(open_warm_cells(exercise.cell.preload, seed=0)) as cells:
        watch = Watch(catalog, history, exercise, cells, arguments, has_keys=keyboard.is_there)
        try:
            _tell_faults(watch.begin)
            while (key := keyboard.key(watch.pause)) != QUIT:
                _tell_faults(lambda: watch.answer(key))
                _tell_faults(watch.look_for_saves)
        except KeyboardInterrupt:
            print()
    return OK


class Watch:
    """One learner at work: the exercise at hand, and what is on the screen."""

    def __init__(
        self,
        catalog: Catalog,
        history: History,
        exercise: Exercise,
        cells: Cells,
        arguments: argparse.Namespace,
        *,
        has_keys: bool,
    ) -> None:
        self.exercise = exercise
        self._catalog = catalog
        self._history = history
        self._cells = cells
        self._dialogues = Dialogues()
        self._arguments = arguments
        self._has_keys = has_keys
        self._saves = Saves(catalog)
        self._graded: dict[str, str] = {}  # exercise -> digest of what was graded last

    @property
    def pause(self) -> float:
        """Seconds until the files are looked at again."""
        return _SOON_S if self._saves.is_moving else float(self._arguments.poll)

    def begin(self) -> None:
        """Turn to the exercise: grade the work, or say where to begin."""
        submission = read_submission(self.exercise, self.exercise.folder)
        if submission.files and not submission.is_stub:
            self.grade()
            return
        self._graded[self.exercise.name] = digest(submission)
        page = self._page()
        page.add(f"Watching {self.exercise.name}: {self.exercise.title}, {self.exercise.minutes} minutes.")
        page.add()
        page.add_command(layout.shown_statement(self.exercise.name), "read   ")
        page.add_command(layout.shown_stub(self.exercise.name), "write  ")
        page.add()
        page.add("Each save is graded. If one is not, press r; --poll S looks more or less often.")
        self._show(page)

    def look_for_saves(self) -> None:
        """Grade what was saved and differs from what was graded; it becomes the exercise at hand."""
        for saved in self._saves.look():
            now = digest(read_submission(saved, saved.folder))
            if now != self._graded.get(saved.name):
                self.exercise = saved
                self.grade()

    def grade(self) -> None:
        """Grade the exercise at hand and show the report."""
        submission = read_submission(self.exercise, self.exercise.folder)
        self._graded[self.exercise.name] = digest(submission)
        self._clear()
        print(f"{self.exercise.name}: grading what was saved at {time.strftime('%H:%M:%S')} ...", flush=True)
        seen = look(self._arguments)
        jobs = [(self.exercise, submission)]
        began = time.monotonic()
        with Progress([self.exercise], sys.stdout, silent=seen.ascii_only, ascii_only=seen.ascii_only) as progress:
            report = grade(jobs, seed=0, cells=self._cells, dialogues=self._dialogues, on_event=progress.on_event)
        seconds = time.monotonic() - began
        self._history.record(jobs, report)
        self._clear()
        sys.stdout.write(
            to_terminal(report, width=seen.width, coloured=seen.coloured, ascii_only=seen.ascii_only, advice=False)
        )
        page = self._page()
        page.add(f"Graded in {seconds:.1f} s. {_verdict(report)}")
        if offer := hint_offer(self.exercise, self._history):
            page.add(offer)
        self._show(page, clear=False)

    def answer(self, key: str) -> None:
        """Do what the key asks for."""
        match key:
            case "n":
                self._turn_to_next()
            case "h":
                print()
                show_hint(self.exercise, self._history, look(self._arguments))
                self._show(self._page(), clear=False)
            case "s":
                self._clear()
                show_statement(self.exercise, look(self._arguments))
                self._show(self._page(), clear=False)
            case "l":
                page = self._page()
                add_list(page, standings(self._catalog, self._history))
                self._show(page)
            case "r":
                self.grade()

    def _turn_to_next(self) -> None:
        others = [exercise for exercise in self._catalog if exercise.name != self.exercise.name]
        suggested = suggest(standings(others, self._history))
        if suggested is None:
            print("\nEvery other exercise is passed.")
            return
        self.exercise = suggested.exercise
        self.begin()

    def _page(self) -> Page:
        seen = look(self._arguments)
        return Page(seen.width, seen.ascii_only)

    def _show(self, page: Page, *, clear: bool = True) -> None:
        """The page, with the keys below it."""
        if clear:
            self._clear()
        page.add()
        keys = "  ".join(f"{key} {purpose}" for key, purpose in KEYS.items())
        page.add(keys if self._has_keys else "Ctrl-C ends.", "dim")
        sys.stdout.write(page.render(look(self._arguments).coloured))
        sys.stdout.flush()

    def _clear(self) -> None:
        """An empty screen; where the screen is read out or kept in a file, an empty line."""
        is_screen = sys.stdout.isatty() and not look(self._arguments).ascii_only
        sys.stdout.write(_CLEAR if is_screen else "\n")


def _tell_faults(step: Callable[[], None]) -> None:
    """Take a step. What is wrong with an exercise or the machine is told, and the next save is waited for."""
    try:
        step()
    except GraderError as error:
        print(f"grader: {error}", flush=True)


def _verdict(report: Report) -> str:
    (exercise,) = report.exercises
    if exercise.status is Status.PASSED:
        return "All checks passed; n goes on when you like."
    lost = sum(result.earned < result.check.points for result in exercise.checks)
    return f"{score(exercise.score)} of {MAX_SCORE}, {lost} of {len(exercise.checks)} checks to go."
