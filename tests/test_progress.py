"""Live progress: what is drawn, where, and when nothing is."""

from __future__ import annotations

import io
import threading

import pytest

from grader.catalog import Catalog
from grader.model import Event, EventKind, Exercise, Verdict
from grader.progress import Progress
from tests.sample_reports import PARTIAL, result


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def exercises(small_catalog: Catalog) -> tuple[Exercise, ...]:
    """The exercises of the small kit."""
    return tuple(small_catalog)


def grade_first(progress: Progress) -> None:
    """The events of one exercise."""
    progress.on_event(Event("week1/first", EventKind.STARTED))
    progress.on_event(Event("week1/first", EventKind.CHECK, result(1, Verdict.PASSED)))
    progress.on_event(Event("week1/first", EventKind.CHECK, result(2, Verdict.TIMEOUT)))
    progress.on_event(Event("week1/first", EventKind.FINISHED, PARTIAL))


def test_one_line_per_exercise_with_a_sign_per_check(exercises: tuple[Exercise, ...]) -> None:
    """The line grows with the checks and ends with the state in words."""
    stream = Terminal()
    with Progress(exercises, stream) as progress:
        grade_first(progress)
    drawn = stream.getvalue()
    assert "0 of 3 exercises graded" in drawn
    assert "1 of 3 exercises graded" in drawn
    for piece in ("week1/first", "\u2713", "\u2717", "partial, 33.33"):
        assert piece in drawn
    assert "week2/third" not in drawn


def test_plain_signs(exercises: tuple[Exercise, ...]) -> None:
    """Without symbols, letters stand for the checks."""
    stream = Terminal()
    with Progress(exercises, stream, ascii_only=True) as progress:
        grade_first(progress)
    assert stream.getvalue().isascii()


def test_silence(exercises: tuple[Exercise, ...]) -> None:
    """Nothing is drawn where the stream is no terminal, nor when silence is asked for."""
    for stream, silent in ((io.StringIO(), False), (Terminal(), True)):
        with Progress(exercises, stream, silent=silent) as progress:
            grade_first(progress)
        assert stream.getvalue() == ""


def test_no_threads(exercises: tuple[Exercise, ...]) -> None:
    """Nothing runs beside the grading, which forks."""
    before = threading.active_count()
    with Progress(exercises, Terminal()) as progress:
        grade_first(progress)
        assert threading.active_count() == before
