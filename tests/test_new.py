"""The skeleton of a new exercise."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.catalog import Catalog, layout, read_submission
from grader.errors import UsageError
from grader.grading import grade
from grader.model import Status
from grader.new import create


def test_files(small_kit: Path) -> None:
    """Every file of an exercise is written, under its own name and title; nothing is left to replace."""
    written = create(small_kit, "week3/job_queue")
    relative = {path.relative_to(small_kit).as_posix() for path in written}
    assert {
        "exercises/week3/job_queue/README.md",
        "exercises/week3/job_queue/job_queue.py",
        "exercises/week3/job_queue/test_job_queue.py",
        "exercises/week3/job_queue/hints.md",
        "exercises/week3/job_queue/exercise.toml",
        "solutions/week3/job_queue/job_queue.py",
        "solutions/week3/job_queue/suite.py",
        "solutions/week3/job_queue/wrong.toml",
        "solutions/week3/job_queue/stub/job_queue.py",
    } <= relative
    assert len(relative) == len(written)
    for path in written:
        text = path.read_text()
        for word in ("exercise_name", "track_name", "Exercise title"):
            assert word not in text + path.name


def test_it_is_an_exercise_at_once(small_kit: Path) -> None:
    """The catalog takes it, with its title; its stub is one."""
    create(small_kit, "week3/job_queue")
    exercise = Catalog.load(small_kit).get("week3/job_queue")
    assert exercise.title == "Job queue"
    assert read_submission(exercise, exercise.folder).is_stub


def test_it_grades(small_catalog: Catalog) -> None:
    """The reference and the alternatives earn 100, before a word has been changed."""
    exercise = small_catalog.get("week1/first")
    folders = [exercise.hidden, *layout.alternatives(exercise)]
    report = grade([(exercise, read_submission(exercise, folder)) for folder in folders], seed=1)
    assert [graded.score for graded in report.exercises] == [100.0, 100.0, 100.0]
    assert {graded.status for graded in report.exercises} == {Status.PASSED}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("job_queue", "write, for example, week2/job_queue"),
        ("week3/JobQueue", "not a lower-case Python name"),
        ("week3/queue", "already the name of something else"),
        ("week 3/job_queue", "not a lower-case Python name"),
        ("week3/../job_queue", "not a lower-case Python name"),
        ("week1/first", "already there"),
    ],
)
def test_names_that_are_refused(small_kit: Path, name: str, message: str) -> None:
    """A name that would not work later is refused now, and nothing is written."""
    before = set(small_kit.rglob("*"))
    with pytest.raises(UsageError, match=message):
        create(small_kit, name)
    assert set(small_kit.rglob("*")) == before


def test_no_kit(tmp_path: Path) -> None:
    """Outside a kit nothing is written."""
    with pytest.raises(UsageError, match="no folder exercises/"):
        create(tmp_path, "week3/job_queue")
