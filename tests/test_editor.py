"""What an editor finds: visible tests in its test panel, settings that point at them, a container that works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.catalog import Catalog, layout

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = json.loads((ROOT / ".vscode/settings.json").read_text())
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())


def plain_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest as an editor starts it: in the checkout, with nothing else set."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={ROOT}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_the_panel_lists_every_exercise() -> None:
    """With the arguments of the settings, pytest collects the visible tests of all exercises and no fault."""
    done = plain_pytest("--collect-only", "-q", *SETTINGS["python.testing.pytestArgs"])
    assert done.returncode == 0, done.stdout
    for exercise in Catalog.load(ROOT):
        assert layout.visible_tests(exercise).relative_to(ROOT).as_posix() in done.stdout


def test_one_exercise_from_its_folder() -> None:
    """As the README says: the tests run, with the settings for exercises and not those of the project's own tests."""
    done = plain_pytest("exercises/week2/lru_cache")
    assert done.returncode in (0, 1), done.stdout
    assert re.search(r"\d+ (passed|failed)", done.stdout)
    assert "error" not in done.stdout.splitlines()[-1]


def test_names_are_unique() -> None:
    """Editors and mypy see all exercises at once, so no two may have one module name."""
    modules = [exercise.module for exercise in Catalog.load(ROOT)]
    assert len(modules) == len(set(modules))


def test_settings_point_at_the_environment_of_nox() -> None:
    """The interpreter is that of the session which the README starts with."""
    interpreter = SETTINGS["python.defaultInterpreterPath"]
    session = re.fullmatch(r"\$\{workspaceFolder\}/\.nox/(\w+)/bin/python", interpreter)
    assert session is not None
    assert f"def {session[1]}(session: nox.Session)" in (ROOT / "noxfile.py").read_text()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout of git")
def test_git_keeps_the_settings_and_nothing_personal() -> None:
    """The settings are part of the kit; the history is not."""
    ignored = subprocess.run(
        ["git", "check-ignore", ".vscode/settings.json", ".vscode/launch.json", ".onspot/history.sqlite3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ignored.stdout.split() == [".vscode/launch.json", ".onspot/history.sqlite3"]


def test_container_prepares_itself() -> None:
    """Its command is there, may be executed, and bash finds no fault in it."""
    script = ROOT / CONTAINER["postCreateCommand"]
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
