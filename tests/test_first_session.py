"""A learner's first hour, typed as the README says into a terminal, and kept as it looked.

ONSPOT_RECORD=1 records tests/golden/first_session.txt anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.catalog import Catalog, layout
from tests.terminal import Terminal, environment
from tests.test_reports import RECORD

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).parent / "golden/first_session.txt"
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXERCISES = ("week1/pools", "week1/async_fan_out", "week2/lru_cache", "week2/rate_limiter")

#: What needs a network, and has been done when the session begins.
BEFORE = ("git clone", "pip install")
#: What the session of nox does once its environment is there.
NOX = '#!/bin/sh\n[ "$1 $2 $3" = "-s grade --" ] || exit 64\nshift 3\nexec python -m grader grade "$@"\n'
PYTHON = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
#: What the learner saves before the command of that number.
WORK = {1: "wrong/capacity_unchecked", 4: ""}


def steps() -> list[tuple[str, list[str]]]:
    """The commands in the README's first part, each with the lines that are shown below it."""
    start = README.partition("\n## Start\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", start, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            elif line.strip():
                found[-1][1].append(line)
    return [step for step in found if not step[0].startswith(BEFORE)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of four exercises, in which nox has made its environment."""
    root = tmp_path / "onspot"
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "grader", root / "grader", ignore=skipped)
    for name in EXERCISES:
        exercise = Catalog.load(ROOT).get(name)
        shutil.copytree(exercise.hidden, root / "solutions" / name, ignore=skipped)
        shutil.copytree(exercise.folder, root / "exercises" / name, ignore=skipped)
        shutil.copytree(layout.stub(exercise), root / "exercises" / name, dirs_exist_ok=True)
    tools = root / ".nox/grade/bin"
    tools.mkdir(parents=True)
    (tools / "activate").write_text(f"PATH={tools}:$PATH\n")
    for program, script in ((tools / "python", PYTHON), (tmp_path / "nox", NOX)):
        program.write_text(script)
        program.chmod(stat.S_IRWXU)
    return root


@pytest.fixture
def terminal(checkout: Path) -> Iterator[Terminal]:
    """A shell in the checkout, on a screen that is high enough for the whole session."""
    path = f"{checkout.parent}:{Path(sys.executable).parent}:/usr/bin:/bin"
    settings = environment(PATH=path, PS1="$ ", PYTHONPATH="", XDG_CACHE_HOME=str(checkout.parent / "cache"))
    shell = ["bash", "--noprofile", "--norc", "-i"]
    with Terminal(shell, cwd=checkout, environment=settings, columns=90, lines=600) as opened:
        yield opened


def typed(terminal: Terminal, command: str) -> str:
    """Types a command and waits for the next prompt; returns what came between."""
    terminal.wait_until(lambda text: text.endswith("$"))
    before = len(terminal.text)
    terminal.type(f"{command}\n")
    terminal.wait_until(lambda text: len(text) > before + len(command) and text.endswith("\n$"))
    return terminal.text[before:].removesuffix("$")


def settled(text: str) -> str:
    """The session without what differs between machines and days."""
    text = re.sub(r"\d{4}-\d\d-\d\d", "2026-01-02", text)
    text = re.sub(r"2026-01-02 \d\d:\d\d", "2026-01-02 03:04", text)
    text = re.sub(r"attempts and \d+ minutes?", "attempts and less than a minute", text)
    text = re.sub(r"isolation \w+\.", "isolation sealed.", text)
    return re.sub(r"Not available here: .*?\n\n", "\n", text, flags=re.DOTALL)


def test_first_session(checkout: Path, terminal: Terminal) -> None:
    """Every command of the README, in order, with the learner's work between; all that stood on the screen."""
    solutions = checkout / "solutions/week2/lru_cache"
    for number, (command, shown) in enumerate(steps()):
        if number in WORK:
            shutil.copy(solutions / WORK[number] / "lru_cache.py", checkout / "exercises/week2/lru_cache/lru_cache.py")
        came = typed(terminal, command)
        lines = iter(came.splitlines())
        for line in shown:
            assert line in lines, f"the README shows a line that did not come in its place: {line}\n{came}"
    session = settled(terminal.text) + "\n"
    if os.environ.get(RECORD):
        GOLDEN.write_text(session, encoding="utf-8")
    assert session == GOLDEN.read_text(encoding="utf-8"), f"if this is meant, record it with {RECORD}=1"


def test_the_readme_has_a_session() -> None:
    """The steps are those that the work was chosen for."""
    assert [command.split("#")[0].split() for command, _ in steps()][:2] == [
        ["nox", "-s", "grade", "--", "week1"],
        ["nox", "-s", "grade", "--", "week2/lru_cache"],
    ]
    assert steps()[4][0] == "nox -s grade -- week2/lru_cache"
