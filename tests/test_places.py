"""Which level is reached where: by an ordinary user, without bubblewrap, and in a container with Docker's defaults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.catalog import layout
from grader.cell import outer

ROOT = layout.default_root()
LEARNER = 12_345
PATH = os.environ["PATH"]

needs_bubblewrap = pytest.mark.skipif(outer.bubblewrap() is None, reason="bubblewrap is not installed")


def grade(
    *place: str, home: Path, path: str = os.environ["PATH"], options: tuple[str, ...] = ()
) -> tuple[int, Any, str]:
    """The exit status, the report and what was said, of grading a right answer in a place."""
    if "--user" in place:
        if os.getuid():
            place = tuple(word for word in place if word not in ("--user", str(LEARNER)))
        elif not outer.readable_by_all([*outer.readable(), str(ROOT / "grader"), str(home)]):
            pytest.skip("another user cannot read this interpreter or this checkout")
        else:
            os.chown(home, LEARNER, LEARNER)
    command = [sys.executable, "-m", "grader", "grade", "week2/lru_cache", "--submission", "solutions"]
    command += ["--json", "-", *options]
    environment = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.places", *place, "--", *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else None, ended.stderr


def level(*place: str, home: Path, path: str = PATH) -> str:
    """The level that is reached in a place, where the right answer earns everything."""
    status, report, said = grade(*place, home=home, path=path)
    assert status == 0, said
    assert report["score"] == 100, said
    if report["isolation"]["level"] != "sealed":
        assert report["isolation"]["missing"]
        assert report["isolation"]["remedy"]
    return str(report["isolation"]["level"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that any user can get to."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() != "root" or folder == Path("/tmp"):
            break
        if not os.getuid() and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    return tmp_path


@needs_bubblewrap
def test_an_ordinary_user_with_bubblewrap(home: Path) -> None:
    """Sealed, without any privilege, where user namespaces are allowed."""
    assert level("--user", str(LEARNER), home=home) == "sealed"


def test_an_ordinary_user_without_set_up(home: Path) -> None:
    """Guarded, with the kernel alone."""
    assert level("--user", str(LEARNER), home=home, path="/nowhere") == "guarded"


def test_root_without_bubblewrap(home: Path) -> None:
    """Guarded too."""
    assert level(home=home, path="/nowhere") == "guarded"


def test_a_container_with_dockers_defaults(home: Path) -> None:
    """Guarded, as its root: no namespace can be made, Landlock and seccomp can."""
    assert level("--docker", home=home) == "guarded"


def test_an_ordinary_user_of_a_container(home: Path) -> None:
    """Guarded, as in the container's root."""
    assert level("--docker", "--user", str(LEARNER), home=home) == "guarded"


def test_what_is_required_and_cannot_be_had(home: Path) -> None:
    """Nothing is graded; the exit status is 3, and what would help is said."""
    status, report, said = grade("--docker", home=home, options=("--require", "sealed"))
    assert (status, report) == (3, None)
    assert "level sealed is required, this machine gives guarded" in said
    assert "to mend it" in said
