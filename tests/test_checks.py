"""Reading a suite's checks from its source, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.catalog import Catalog, read_checks
from grader.errors import ExerciseError
from grader.model import Check

GOOD = '''
"""A suite."""
import does_not_exist

@check("a title", points=60, stage="core", hint="a hint")
def test_one(subject): ...

@check("another", points=40, stage="production", hint="two", needs=("processes",), milestone="links")
@given(number=integers())
async def test_two(subject, number): ...

def helper(): ...
'''


def checks_of(tmp_path: Path, source: str) -> tuple[Check, ...]:
    path = tmp_path / "suite.py"
    path.write_text(source)
    return read_checks(path)


def test_checks_in_order_without_running_the_suite(tmp_path: Path) -> None:
    """Plain and async functions are read alike, in the order of the file, though its imports do not exist."""
    assert checks_of(tmp_path, GOOD) == (
        Check("test_one", "a title", 60, "core", "a hint"),
        Check("test_two", "another", 40, "production", "two", ("processes",), "links"),
    )


def test_the_skeleton_is_worth_100_points(small_catalog: Catalog) -> None:
    """What `grader new` writes has three stages and sums to 100."""
    checks = small_catalog.checks(small_catalog.get("week1/first"))
    assert sum(check.points for check in checks) == 100
    assert {check.stage for check in checks} == {"core", "robust", "production"}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            'stage="core"',
            'stage="easy"',
            "test_one has the stage 'easy'; write one of core, robust, production",
        ),
        ("points=60", "points=0", "test_one has 0 points"),
        ("points=60", "points=60.0", "test_one has the points 60.0, which is not a int"),
        ("points=60", "points=SIXTY", "test_one has a points that is not a literal"),
        ("points=60, ", "", "test_one has no points"),
        ('hint="a hint"', 'hint=" "', "test_one has an empty hint"),
        ('hint="a hint"', 'hint="a", hints="b"', "test_one has an unknown argument hints"),
        ('needs=("processes",)', "needs=(1,)", "test_two has the needs (1,)"),
        ('"another"', '"a title"', "2 checks have the title 'a title'"),
        ("test_two", "test_one", "2 checks have the name 'test_one'"),
        ("def helper", "def test_helper", "test_helper is not marked as a check"),
        ('@check("a title", ', '@given()\n@check("a title", ', "test_one has its mark in the wrong place"),
        ('@check("a title", ', "@check(", "test_one has a mark without a title"),
        ("def test_one", "def first", "first is marked as a check but is not a test"),
        ("def helper(", "def helper(:", "is not valid Python"),
    ],
)
def test_mistakes_are_named_with_their_mend(tmp_path: Path, before: str, after: str, message: str) -> None:
    """Each message names the file and the check."""
    assert before in GOOD
    with pytest.raises(ExerciseError) as caught:
        checks_of(tmp_path, GOOD.replace(before, after, 1))
    assert message in str(caught.value)
    assert caught.value.path == tmp_path / "suite.py"


def test_missing_suite(tmp_path: Path) -> None:
    """An exercise without a suite is at fault, not empty."""
    with pytest.raises(ExerciseError, match=r"suite\.py: is missing"):
        read_checks(tmp_path / "suite.py")
