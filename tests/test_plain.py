"""Terminals that can show little, and learners who want little: ASCII, no colour, 40 columns, a screen reader."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal, environment

COMMANDS = ("list", "next", "report", "grade first", "grade", "hint first", "solution first --give-up", "show first")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kit with one exercise on which work has begun, and with a history."""
    from grader.new import create

    root = tmp_path_factory.mktemp("plain") / "kit"
    (root / "exercises").mkdir(parents=True)
    for name in ("week1/first", "week1/second_and_last_of_the_week"):
        create(root, name)
    wrong = root / "solutions/week1/first/wrong/forgets_to_sort/first.py"
    (root / "exercises/week1/first/first.py").write_bytes(wrong.read_bytes())
    return root


def shown(kit: Path, line: str, *, columns: int = 100, **changes: str) -> Terminal:
    """The terminal after the command has ended."""
    command = [sys.executable, "-m", "grader", *line.split(), "--kit", str(kit)]
    with Terminal(command, cwd=kit, environment=environment(**changes), columns=columns, lines=300) as terminal:
        assert terminal.wait_for_end() == 0
    return terminal


@pytest.mark.parametrize("line", COMMANDS)
def test_plain(kit: Path, line: str) -> None:
    """--plain writes ASCII without a single escape, be it on a terminal."""
    written = shown(kit, f"{line} --plain", columns=40).written
    assert written.isascii()
    assert "\x1b" not in written


@pytest.mark.parametrize("line", COMMANDS)
def test_no_color(kit: Path, line: str) -> None:
    """NO_COLOR (https://no-color.org) leaves symbols and takes every colour."""
    written = shown(kit, line, NO_COLOR="1").written
    sets = {code for codes in COLOURS.findall(written) for code in re.findall(r"\d+", codes)}
    assert sets <= {"0", "1", "2", "3", "4", "22", "23", "24"}  # bold, dim, italic, underlined, and their ends


def test_colour_is_the_default(kit: Path) -> None:
    """Else the test above would show nothing."""
    assert "\x1b[33m" in shown(kit, "list").written


@pytest.mark.parametrize("line", COMMANDS)
def test_ascii_terminal(kit: Path, line: str) -> None:
    """A terminal that cannot show symbols gets letters, without being asked for --plain."""
    changes = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    assert shown(kit, line, columns=40, **changes).written.isascii()


@pytest.mark.parametrize("line", ["list", "next", "report", "grade"])
def test_forty_columns(kit: Path, line: str) -> None:
    """Every line of the grader's own fits, but for commands that are to be copied, which the terminal wraps."""
    text = shown(kit, line, columns=40, TERM="dumb").written.replace("\r\n", "\n")
    commands = re.compile(r"    ((read|write|grade|hint) +)?(exercises/|nox |python )")
    assert [row for row in text.split("\n") if len(row) > 40 and not commands.match(row)] == []


@pytest.mark.parametrize("module", ["pytest", "hypothesis", "grader.grading", "grader.suite", "fastapi"])
def test_answers_before_it_imports(kit: Path, module: str) -> None:
    """What only looks imports nothing of what grades: that is what makes its first line quick."""
    program = (
        "import sys\nfrom grader.cli import main\n"
        "for command in ('list', 'next', 'report', 'show first', 'hint first', 'solution first --give-up'):\n"
        f"    assert main([*command.split(), '--kit', {str(kit)!r}]) == 0\n"
        f"sys.exit({module!r} in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=environment(), cwd=kit)
