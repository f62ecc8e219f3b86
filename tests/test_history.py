"""The history: what is kept, what survives, and what is made of it."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.catalog import Catalog, layout
from grader.history import Attempt, History, Opened, Standing, hint_lock, stand, suggest, topic_scores
from grader.model import Exercise, Report, Status, Submission, Verdict
from tests.sample_reports import HOSTILE, PARTIAL, PASSED, report, result

START = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)


class Kept:
    """A history with a clock of its own, and the complaints that it made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.told: list[str] = []
        self.time = START
        self.history = History(root, self.told.append, lambda: self.time)

    @property
    def path(self) -> Path:
        return layout.history(self.root)

    def grade(self, exercise: Exercise, text: str, score: float, drill: int | None = None) -> None:
        """Records one grading of a file with that text, a minute after the one before."""
        self.time += dt.timedelta(minutes=1)
        self.history.record([(exercise, work(text))], graded(exercise.name, score), drill)


def work(text: str) -> Submission:
    return Submission("here", {"first.py": text.encode()})


def graded(name: str, score: float) -> Report:
    """The report on one exercise with that score."""
    status = Status.PASSED if score == 100 else Status.PARTIAL if score else Status.FAILED
    return report(replace(PARTIAL, name=name, status=status, score=score))


@pytest.fixture
def kept(small_kit: Path) -> Kept:
    """An empty history of the small kit."""
    return Kept(small_kit)


@pytest.fixture
def first(small_catalog: Catalog) -> Exercise:
    """The small kit's first exercise."""
    return small_catalog.get("week1/first")


class TestRecord:
    """What becomes an attempt."""

    def test_round_trip(self, kept: Kept, first: Exercise) -> None:
        """An attempt comes back as it was found, with every check."""
        kept.grade(first, "one", 33.33)
        (attempt,) = kept.history.attempts()
        assert (attempt.exercise, attempt.status, attempt.score) == ("week1/first", Status.PARTIAL, 33.33)
        assert attempt.at == kept.time
        results = kept.history.results(attempt)
        assert [(one.check, one.verdict, one.message, one.transcript) for one in results] == [
            (one.check, one.verdict, one.message, one.transcript) for one in PARTIAL.checks
        ]

    @pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.INVALID, Status.NOT_GRADED])
    def test_what_could_not_be_graded_is_no_attempt(self, kept: Kept, first: Exercise, status: Status) -> None:
        """A stub, nothing at all, or a fault of the grader's leaves no trace, not even a file."""
        kept.history.record([(first, work(""))], report(replace(PARTIAL, name=first.name, status=status)))
        assert kept.history.attempts() == []
        assert not kept.path.exists()

    def test_the_same_again_is_no_attempt(self, kept: Kept, first: Exercise) -> None:
        """Only changed files or another score count."""
        for text, score in (("one", 30), ("one", 30), ("two", 30), ("two", 40), ("one", 30)):
            kept.grade(first, text, score)
        assert [attempt.score for attempt in kept.history.attempts()] == [30, 30, 40, 30]

    def test_only_the_latest_keeps_its_transcripts(self, kept: Kept, first: Exercise) -> None:
        """Years of attempts stay small; verdicts stay for all."""
        kept.grade(first, "one", 30)
        kept.grade(first, "two", 30)
        old, new = map(kept.history.results, kept.history.attempts())
        assert [one.verdict for one in old] == [one.verdict for one in new]
        assert {one.transcript for one in old} == {""}
        assert any(one.transcript for one in new)

    def test_hostile_text(self, kept: Kept, first: Exercise) -> None:
        """Lone surrogates and control characters of a submission do not break the file."""
        hostile = replace(PARTIAL, name=first.name, checks=(result(1, Verdict.FAILED, HOSTILE, HOSTILE),))
        kept.history.record([(first, work("one"))], report(hostile))
        (found,) = kept.history.results(kept.history.attempts()[0])
        assert found.transcript == HOSTILE.replace("\ud800", "\\ud800")
        assert kept.told == []

    def test_reading_makes_no_file(self, kept: Kept) -> None:
        """Who has only looked leaves nothing behind."""
        assert not kept.history.attempts()
        assert not kept.history.opened()
        assert kept.history.running_drill() is None
        assert not kept.path.parent.exists()


def record_some(root: Path, name: str, times: int) -> None:
    """What one of several processes does at once."""
    kept = Kept(root)
    exercise = Catalog.load(root).get(name)
    for number in range(times):
        kept.history.record([(exercise, work(f"{os.getpid()} {number}"))], graded(name, 50))
    assert kept.told == []


class TestHarm:
    """What the file survives."""

    def test_parallel_runs(self, small_kit: Path) -> None:
        """Processes that record at once, from the first moment on, lose nothing."""
        context = multiprocessing.get_context("spawn")
        names = ["week1/first", "week1/second", "week2/third", "week1/first"]
        processes = [context.Process(target=record_some, args=(small_kit, name, 10)) for name in names]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * len(names)
        assert len(Kept(small_kit).history.attempts()) == 10 * len(names)

    def test_kill(self, small_kit: Path) -> None:
        """A process killed in the middle of a transaction loses that transaction and nothing else."""
        record_some(small_kit, "week1/first", 3)
        path = layout.history(small_kit)
        program = (
            "import sqlite3, sys; history = sqlite3.connect(sys.argv[1], isolation_level=None);"
            "history.execute('BEGIN IMMEDIATE'); history.execute('DELETE FROM attempt');"
            "print('now', flush=True); input()"
        )
        line = [sys.executable, "-c", program, str(path)]
        with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"now\n"
            process.send_signal(signal.SIGKILL)
        kept = Kept(small_kit)
        assert len(kept.history.attempts()) == 3
        assert kept.told == []

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda path: path.write_bytes(b"this is no database, " * 200),
            lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
            lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)),
        ],
        ids=["overwritten", "cut off", "garbled"],
    )
    def test_damage(self, kept: Kept, first: Exercise, spoil: Callable[[Path], object]) -> None:
        """A damaged file is moved aside whole, which is said once, and the work goes on with a new one."""
        for number in range(40):
            kept.grade(first, str(number), 30)
        spoil(kept.path)
        damaged = kept.path.read_bytes()
        kept.grade(first, "after", 40)
        assert [attempt.score for attempt in kept.history.attempts()] == [40]
        (aside,) = kept.path.parent.glob("history.damaged-*.sqlite3")
        assert aside.read_bytes() == damaged
        (message,) = kept.told
        assert "is damaged" in message
        assert aside.name in message

    def test_damage_met_by_two(self, kept: Kept, first: Exercise) -> None:
        """A second process that met the same damage does not move the new file."""
        kept.grade(first, "one", 30)
        kept.path.write_bytes(b"this is no database, " * 200)
        other = Kept(kept.root)
        kept.grade(first, "two", 40)
        other.history._store._open(check=True).close()
        assert [attempt.score for attempt in other.history.attempts()] == [40]
        assert len(list(kept.path.parent.glob("history.damaged-*.sqlite3"))) == 1

    def test_newer_format(self, kept: Kept, first: Exercise) -> None:
        """A file of a later version is left alone, and said so."""
        kept.grade(first, "one", 30)
        with sqlite3.connect(kept.path) as connection:
            connection.execute("PRAGMA user_version = 99")
        before = kept.path.read_bytes()
        kept.grade(first, "two", 40)
        assert "format 99" in kept.told[0]
        assert kept.path.read_bytes() == before

    def test_folder_that_cannot_be_made(self, kept: Kept, first: Exercise) -> None:
        """Where nothing can be written, that is said and the grading goes on."""
        kept.path.parent.write_text("a file where the folder should be")
        kept.grade(first, "one", 30)
        assert kept.history.attempts() == []
        assert "cannot be used" in kept.told[0]


class TestStanding:
    """What the attempts say."""

    def standing(self, kept: Kept, exercise: Exercise) -> Standing:
        return stand([exercise], kept.history.attempts(), kept.history.opened())[0]

    def test_best_counts(self, kept: Kept, first: Exercise) -> None:
        """A later, worse attempt takes nothing away; time and attempts are those of the first pass."""
        for number, score in enumerate([30, 100, 60, 100]):
            kept.grade(first, str(number), score)
        standing = self.standing(kept, first)
        assert (standing.status, standing.score, len(standing.attempts)) == (Status.PASSED, 100, 4)
        assert (standing.attempts_to_pass, standing.minutes_to_pass) == (2, 1)

    def test_never_graded(self, first: Exercise) -> None:
        """Without attempts it depends on whether something is written."""
        assert stand([first], [], [])[0].status is Status.NOT_STARTED
        assert stand([first], [], [], lambda _: True)[0].status is Status.NOT_GRADED

    def test_drills_are_apart(self, kept: Kept, first: Exercise) -> None:
        """What was done in a drill is no part of the standing."""
        drill = kept.history.begin_drill(1, 60, [first.name], "somewhere")
        assert drill is not None
        kept.grade(first, "one", 100, drill=drill.id)
        assert self.standing(kept, first).status is Status.NOT_STARTED

    def test_solution_before_the_pass(self, kept: Kept, first: Exercise) -> None:
        """Who looked first is told from who looked afterwards."""
        kept.history.open(first, "solution", "")
        kept.grade(first, "one", 100)
        assert self.standing(kept, first).gave_up
        other = Kept(kept.root / "exercises")
        other.grade(first, "one", 100)
        other.time += dt.timedelta(minutes=1)
        other.history.open(first, "solution", "")
        assert not self.standing(other, first).gave_up

    def test_suggestions(self, small_catalog: Catalog) -> None:
        """Begun work first, the latest of it; then what is new after the last pass; then what was left out."""

        def suggested(*scores: float | None) -> str:
            attempts = [
                Attempt(place, START, exercise.name, "x", Status.PASSED if score == 100 else Status.PARTIAL, score)
                for place, (exercise, score) in enumerate(zip(small_catalog, scores, strict=True))
                if score is not None
            ]
            found = suggest(stand(small_catalog, attempts, []))
            return found.exercise.name if found else ""

        assert suggested(None, None, None) == "week1/first"
        assert suggested(100, None, None) == "week1/second"
        assert suggested(None, 100, None) == "week2/third"
        assert suggested(None, None, 100) == "week1/first"
        assert suggested(50, 60, None) == "week1/second"
        assert suggested(100, 100, 100) == ""

    def test_topics(self, small_catalog: Catalog) -> None:
        """Points earned of those that count, weakest first; what was never tried is not weak."""
        one, two, three = small_catalog
        exercises = [replace(one, topics=("a", "b")), replace(two, topics=("b",)), replace(three, topics=("c",))]
        results = {one.name: PARTIAL.checks, two.name: PASSED.checks}
        assert [(topic.topic, topic.score) for topic in topic_scores(exercises, results)] == [
            ("a", 33.33),
            ("b", 71.43),
        ]


class TestHintLock:
    """When a hint may be opened."""

    def lock(self, exercise: Exercise, number: int, attempts: str, opened: str = "") -> str:
        """``attempts`` and ``opened`` in order of time: a letter for the files, a figure for a hint."""
        moments = {letter: START + dt.timedelta(minutes=place) for place, letter in enumerate(attempts)}
        tries, hints, files = [], [], ""
        for place, letter in enumerate(attempts):
            if letter.isdigit():
                hints.append(Opened(exercise.name, f"hint {letter}", moments[letter], files))
            else:
                files = letter
                status = Status.PASSED if letter == "P" else Status.FAILED
                tries.append(Attempt(place, START + dt.timedelta(minutes=place), exercise.name, letter, status, 0.0))
        return hint_lock(Standing(exercise, tuple(tries), tuple(hints), bool(tries)), number)

    @pytest.mark.parametrize(
        ("story", "number", "is_open"),
        [
            ("", 1, False),  # nothing was tried
            ("a", 1, True),
            ("a", 2, False),  # not before the first
            ("a1", 1, True),  # to read it again
            ("a1", 2, False),  # nothing was tried since
            ("a1a", 2, False),  # nothing was changed since
            ("a1b", 2, True),
            ("a1b2", 3, False),
            ("a1b2c", 3, True),
            ("P", 3, True),  # after a pass all are open
        ],
    )
    def test_lock(self, first: Exercise, story: str, number: int, is_open: bool) -> None:
        """Each hint wants an attempt on changed files."""
        assert (self.lock(first, number, story) == "") is is_open


def test_drill(kept: Kept, first: Exercise) -> None:
    """A drill runs until it is ended, once."""
    drill = kept.history.begin_drill(7, 60, ["week1/first", "week2/third"], "folder")
    assert drill == kept.history.running_drill()
    assert drill is not None
    assert drill.deadline == START + dt.timedelta(hours=1)
    assert kept.history.begin_drill(8, 60, ["week1/first"], "folder") is None  # one at a time
    kept.time += dt.timedelta(minutes=30)
    kept.history.end_drill(drill, 66.5, 90.0, 0.0)
    kept.history.end_drill(drill, 0.0, None, 0.0)
    assert kept.history.running_drill() is None
    (ended,) = kept.history.drills()
    assert (ended.ended, ended.score, ended.first_pass_s) == (kept.time, 66.5, 90.0)
