"""Grading on save: what counts as a save, single keys, and a session in a terminal."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.catalog import Catalog
from grader.history import History
from grader.keyboard import QUIT, Keyboard
from grader.model import Exercise, Status
from grader.saves import Saves
from tests.terminal import Terminal, environment

KEYS = "n next  h hint  s statement  l list  r run again  q quit"


@pytest.fixture
def file(small_kit: Path) -> Path:
    """The module of the first exercise."""
    return small_kit / "exercises/week1/first/first.py"


class TestSaves:
    """Which exercises were saved."""

    def told(self, saves: Saves) -> list[str]:
        """What is told once everything is still."""
        told = [exercise.name for exercise in saves.look()]
        return told + [exercise.name for exercise in saves.look()]

    def test_nothing(self, small_catalog: Catalog) -> None:
        """What was there at the start is no save."""
        assert self.told(Saves(small_catalog)) == []

    def test_change(self, small_catalog: Catalog, file: Path) -> None:
        """A save is told of once, of its exercise only, and not before it is whole."""
        saves = Saves(small_catalog)
        file.write_text("half")
        assert saves.look() == []
        file.write_text("all of it")
        assert saves.look() == []
        assert self.told(saves) == ["week1/first"]
        assert self.told(saves) == []

    def test_another_look_is_due_soon(self, small_catalog: Catalog, file: Path) -> None:
        """While something moves, and no longer."""
        saves = Saves(small_catalog)
        moving = [saves.is_moving]
        file.write_text("new")
        for _ in range(2):
            saves.look()
            moving.append(saves.is_moving)
        assert moving == [False, True, False]

    def test_same_size_at_another_time(self, small_catalog: Catalog, file: Path) -> None:
        """Either is enough: the time, or, where a clock is coarse, the size."""
        saves = Saves(small_catalog)
        found = file.stat()
        os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000))
        assert self.told(saves) == ["week1/first"]
        file.write_text(file.read_text() + "#")
        os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000))
        assert self.told(saves) == ["week1/first"]

    def test_save_by_renaming(self, small_catalog: Catalog, file: Path) -> None:
        """Many editors write a new file and put it in place of the old one."""
        saves = Saves(small_catalog)
        found = file.stat()
        new = file.with_suffix(".new")
        shutil.copy(file, new)
        os.utime(new, ns=(found.st_atime_ns, found.st_mtime_ns))
        new.rename(file)
        assert self.told(saves) == ["week1/first"]

    def test_package(self, small_catalog: Catalog, file: Path) -> None:
        """A module that is a package is looked at whole; caches and hidden files are not."""
        (file.parent / "first/deep").mkdir(parents=True)
        saves = Saves(small_catalog)
        (file.parent / "first/__pycache__").mkdir()
        (file.parent / "first/__pycache__/x.pyc").touch()
        (file.parent / ".first.py.swp").touch()
        assert self.told(saves) == []
        (file.parent / "first/deep/part.py").touch()
        assert self.told(saves) == ["week1/first"]

    def test_folder_that_goes_away(self, small_catalog: Catalog, file: Path) -> None:
        """A folder that is moved away and back, as by git, is a save like any other."""
        saves = Saves(small_catalog)
        file.parent.rename(file.parent.with_name("elsewhere"))
        assert self.told(saves) == ["week1/first"]
        file.parent.with_name("elsewhere").rename(file.parent)
        assert self.told(saves) == ["week1/first"]


class TestKeyboard:
    """Single keys."""

    @pytest.fixture
    def ends(self) -> Iterator[tuple[int, Keyboard]]:
        """Where keys are pressed, and the keyboard that reads them."""
        theirs, ours = pty.openpty()
        with os.fdopen(ours) as stream, Keyboard(stream) as keyboard:
            yield theirs, keyboard
        os.close(theirs)

    def test_keys(self, ends: tuple[int, Keyboard]) -> None:
        """Each key is given at once, in lower case; arrows and silence are nothing; Ctrl-D quits."""
        pressed, keyboard = ends
        for sent, key in (("n", "n"), ("H", "h"), ("\x1b[A", ""), ("\x04", QUIT)):
            os.write(pressed, sent.encode())
            assert keyboard.key(60) == key
        os.write(pressed, b"fQ")  # pressed while a grading ran
        assert [keyboard.key(60), keyboard.key(0), keyboard.key(0)] == ["f", "q", ""]

    def test_no_terminal(self) -> None:
        """Where there is no terminal, no key ever comes."""
        with Path(os.devnull).open() as stream, Keyboard(stream) as keyboard:
            assert not keyboard.is_there
            assert keyboard.key(0) == ""


def save(kit: Path, solution: str) -> None:
    """Writes one of the first exercise's solutions as the learner's work."""
    shutil.copy(kit / "solutions/week1/first" / solution / "first.py", kit / "exercises/week1/first/first.py")


def scores(kit: Path) -> list[float]:
    """What the history holds."""
    return [attempt.score for attempt in History(kit, lambda _: None).attempts()]


def test_session(small_kit: Path) -> None:
    """Save, read, save, pass, stay, look around, go on, quit."""
    command = [sys.executable, "-m", "grader", "watch", "first", "--kit", str(small_kit)]
    with Terminal(command, cwd=small_kit, environment=environment(), lines=60) as terminal:
        shown = terminal.wait_for(KEYS)
        assert "Watching week1/first" in shown
        assert "press r; --poll S looks more or less often" in shown
        save(small_kit, "wrong/forgets_to_sort")
        shown = terminal.wait_for("checks to go")
        assert "week1/first  partial" in shown
        assert "Watching" not in shown  # the screen was cleared
        terminal.wait_for(KEYS)
        terminal.type("h")
        assert "Hint 1 of 3 for week1/first" in terminal.wait_for(KEYS, times=2)
        save(small_kit, "")
        shown = terminal.wait_for("All checks passed; n goes on when you like.")
        assert "week1/first  passed     100" in shown
        terminal.wait_for(KEYS)
        terminal.type("l")
        assert "1 of 2 passed" in terminal.wait_for("week2/third")
        terminal.type("n")
        assert "Watching week1/second" in terminal.wait_for("Watching")
        terminal.type("q")
        assert terminal.wait_for_end() == 0
    assert scores(small_kit) == [55.0, 100.0]


def test_same_content_again(small_kit: Path) -> None:
    """A save without a change grades nothing; r does, and the work of another exercise is turned to on save."""
    save(small_kit, "wrong/forgets_to_sort")
    command = [sys.executable, "-m", "grader", "watch", "first", "--kit", str(small_kit), "--plain"]
    with Terminal(command, cwd=small_kit, environment=environment(), lines=200, columns=60) as terminal:
        terminal.wait_for("Graded in")
        (small_kit / "exercises/week1/first/first.py").touch()
        (small_kit / "exercises/week1/second/second.py").write_text("def merge(intervals):\n    return 1\n")
        terminal.wait_for("Graded in", times=2)
        assert "week1/second: grading" in terminal.text
        assert terminal.text.count("week1/first: grading") == 1
        terminal.type("r")
        terminal.wait_for("Graded in", times=3)
        terminal.type("q")
        assert terminal.wait_for_end() == 0
        assert terminal.written.isascii()
        assert "\x1b" not in terminal.written


def test_without_a_terminal(small_kit: Path) -> None:
    """Where there are no keys, as in a pipe, saves are graded all the same until it is told to stop."""
    command = [sys.executable, "-m", "grader", "watch", "first", "--kit", str(small_kit)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment(), cwd=small_kit
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert next(line for line in lines if "Ctrl-C ends." in line)
        save(small_kit, "")
        assert next(line for line in lines if "All checks passed" in line)
        process.terminate()


def test_work_at_hand_is_graded_at_once(small_kit: Path, small_catalog: Catalog) -> None:
    """Whoever comes back sees where they stand; a state that passed stays in the history."""
    save(small_kit, "")
    exercise: Exercise = small_catalog.get("first")
    command = [sys.executable, "-m", "grader", "watch", "--kit", str(small_kit)]
    with Terminal(command, cwd=small_kit, environment=environment()) as terminal:
        terminal.wait_for("All checks passed")
        terminal.wait_for(KEYS)
        terminal.type("\x03")
        assert terminal.wait_for_end() == 0
    (attempt,) = History(small_kit, lambda _: None).attempts()
    assert (attempt.exercise, attempt.status) == (exercise.name, Status.PASSED)


def test_a_broken_exercise_does_not_end_it(small_kit: Path) -> None:
    """The fault is told with its file, and the next save is graded."""
    suite = small_kit / "solutions/week1/first/suite.py"
    whole = suite.read_text()
    suite.write_text("def broken(")
    command = [sys.executable, "-m", "grader", "watch", "first", "--kit", str(small_kit)]
    with Terminal(command, cwd=small_kit, environment=environment()) as terminal:
        terminal.wait_for(KEYS)
        save(small_kit, "wrong/forgets_to_sort")
        assert "suite.py" in terminal.wait_for("is not valid Python")
        suite.write_text(whole)
        save(small_kit, "")
        terminal.wait_for("All checks passed")
        terminal.type("q")
        assert terminal.wait_for_end() == 0
