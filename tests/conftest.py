"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from grader.catalog import Catalog
from grader.cell.deaths import CellUnavailable
from grader.cell.launcher import Launcher
from grader.cell.levels import HERE
from grader.cell.watch import watch
from grader.model import Level
from grader.new import create
from tests.cells import CellMaker
from tests.toy_suites import Suites

#: Examples of the project's own tests: the same in every run, without a deadline that a busy machine would miss.
settings.register_profile(
    "tests", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("tests")

#: The exercises of the small kit, in the order of its catalog.
SMALL_KIT = ("week1/first", "week1/second", "week2/third")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """The watch over cells rests between tests: the next one may fork."""
    yield
    watch.rest()


@pytest.fixture
def small_kit(tmp_path: Path) -> Path:
    """A kit of three skeleton exercises that a test may change as it likes."""
    root = tmp_path / "small_kit"
    (root / "exercises").mkdir(parents=True)
    for name in SMALL_KIT:
        create(root, name)
    return root


@pytest.fixture
def small_catalog(small_kit: Path) -> Catalog:
    """The catalog of the small kit."""
    return Catalog.load(small_kit)


@pytest.fixture(scope="session")
def launcher_of() -> Iterator[Callable[[Level], Launcher]]:
    """The warm launcher of a level; the test is skipped where this machine lacks the level."""
    started: dict[Level, Launcher] = {}
    failed: dict[Level, str] = {}

    def launcher(level: Level) -> Launcher:
        if level not in started and level not in failed:
            try:
                started[level] = one = Launcher(level)
                one.wait_until_ready()
            except (CellUnavailable, OSError) as error:
                failed[level] = f"no cells at level {level} here: {error}"
        if level in failed:
            pytest.skip(failed[level])
        return started[level]

    yield launcher
    for one in started.values():
        one.close()


@pytest.fixture(params=HERE, ids=str)
def make(request: pytest.FixtureRequest, launcher_of: Callable[[Level], Launcher]) -> Iterator[CellMaker]:
    """Makes cells, at each level in turn."""
    maker = CellMaker(launcher_of(request.param))
    yield maker
    maker.close()


@pytest.fixture
def make_bare(launcher_of: Callable[[Level], Launcher]) -> Iterator[CellMaker]:
    """Makes cells where the level does not matter."""
    maker = CellMaker(launcher_of(Level.BARE))
    yield maker
    maker.close()


@pytest.fixture
def suites(tmp_path: Path, launcher_of: Callable[[Level], Launcher]) -> Suites:
    """Grades by suites that are written within a test."""
    return Suites(tmp_path, launcher_of)
