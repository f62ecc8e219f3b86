"""Timed drills: what is drawn, how the clock runs, and the record that is kept."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import grader.commands.mock
from grader.catalog import Catalog, layout
from grader.cell.levels import Cells
from grader.cli import main
from grader.commands.look import Look
from grader.commands.mock import Clock
from grader.drill import draw, in_folder, last_change, lay_out
from grader.errors import UsageError
from grader.history import Drill, History, TopicScore
from grader.model import Exercise, Isolation, Level, Report
from tests.sample_history import exercise
from tests.sample_reports import PARTIAL, report
from tests.terminal import Terminal, environment

POOL = tuple(
    replace(exercise(f"week{number % 3}/e{number}", f"E {number}", ("even", "odd")[number % 2]), minutes=20 + number)
    for number in range(12)
)


class TestDraw:
    """Which exercises make a set."""

    def names(self, seed: int, minutes: int = 90, weak: tuple[TopicScore, ...] = ()) -> list[str]:
        return [one.name for one in draw(POOL, seed=seed, minutes=minutes, weak=weak)]

    def test_same_seed_same_set(self) -> None:
        """Whatever order the exercises come in; a group can compare."""
        assert self.names(7) == self.names(7)
        assert {one.name for one in draw(reversed(POOL), seed=7, minutes=90)} == set(self.names(7))
        assert len({tuple(self.names(seed)) for seed in range(20)}) > 10

    def test_known_set(self) -> None:
        """The same on every machine and every version of Python."""
        assert self.names(7) == ["week1/e1", "week0/e6", "week1/e7"]

    def test_fits(self) -> None:
        """The set fits into the time, and nothing that would still fit is left out."""
        for seed in range(50):
            chosen = draw(POOL, seed=seed, minutes=100)
            left = 100 - sum(one.minutes for one in chosen)
            assert left >= 0
            assert all(one.minutes > left for one in POOL if one not in chosen)

    def test_weak_topics_are_likelier(self) -> None:
        """With a lost topic, its exercises come up more often, and the others still do."""
        weak = (TopicScore("odd", 0.0, ()), TopicScore("even", 100.0, ()))
        plain, pulled = (
            Counter(int(self.names(seed, 31, of)[0].partition("/e")[2]) % 2 for seed in range(400)) for of in ((), weak)
        )
        assert pulled[1] > 1.3 * plain[1]
        assert pulled[0] > 0

    def test_nothing_fits(self) -> None:
        """Said with the time that the shortest takes."""
        with pytest.raises(UsageError, match="fits into 5 minutes: the shortest of these exercises takes 20 minutes"):
            self.names(1, minutes=5)


class TestFolder:
    """Where a set is worked on."""

    def test_fresh_stubs_without_hints(self, small_kit: Path, small_catalog: Catalog, tmp_path: Path) -> None:
        """Statement, stub and visible tests are there; one's own work, the hints and the manifest are not."""
        (small_kit / "exercises/week1/first/first.py").write_text("mine = 1\n")
        (small_kit / "exercises/pytest.ini").write_text("[pytest]\n")
        folder = tmp_path / "set"
        lay_out(small_kit, [small_catalog.get("first")], folder)
        written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert written == {
            "pytest.ini", "week1/first/README.md", "week1/first/first.py", "week1/first/test_first.py",
        }  # fmt: skip
        stub = layout.stub(small_catalog.get("first")) / "first.py"
        assert (folder / "week1/first/first.py").read_bytes() == stub.read_bytes()

    def test_last_change(self, small_kit: Path, small_catalog: Catalog, tmp_path: Path) -> None:
        """Only the submissions count, so that reading a statement again is no late work."""
        chosen = in_folder([small_catalog.get("first")], tmp_path)
        lay_out(small_kit, [small_catalog.get("first")], tmp_path)
        os.utime(tmp_path / "week1/first/first.py", (1000, 1000))
        assert last_change(chosen) == 1000
        assert last_change([]) == 0


class TestClock:
    """The clock, with time and keys in the test's hand."""

    START = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)

    @pytest.fixture
    def clock(self, small_kit: Path, small_catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> ClockInHand:
        """A clock of ten minutes over the first exercise."""
        monkeypatch.setattr(
            grader.commands.mock, "grade", lambda *_, **__: report(replace(PARTIAL, name="week1/first"))
        )
        return ClockInHand(small_kit, small_catalog.get("first"))

    def test_time_is_up(self, clock: ClockInHand) -> None:
        """It ends by itself, once the time is over."""
        assert clock.run("." * 1000)
        assert clock.now == self.START + dt.timedelta(minutes=10)

    def test_finish_is_asked_twice(self, clock: ClockInHand) -> None:
        """One key alone could be a slip; another key between takes it back."""
        assert clock.run("f.f")
        assert clock.pressed == "f.f"
        assert clock.run("fxf" + "." * 3 + "f")
        assert clock.pressed == "fxf...f"

    def test_leave(self, clock: ClockInHand, capsys: pytest.CaptureFixture[str]) -> None:
        """The clock goes on without its reader."""
        assert not clock.run("..q")
        assert "The clock goes on" in capsys.readouterr().out

    def test_saves_are_graded_in_silence(self, clock: ClockInHand, capsys: pytest.CaptureFixture[str]) -> None:
        """Each is kept as an attempt of the drill; nothing of its verdict is said."""
        clock.save("one = 1\n")
        clock.run("..q")
        (attempt,) = clock.history.attempts()
        assert (attempt.exercise, attempt.drill, attempt.score) == ("week1/first", 1, 33.33)
        assert "33" not in capsys.readouterr().out

    def test_plain(self, clock: ClockInHand, capsys: pytest.CaptureFixture[str]) -> None:
        """Where the screen is read out, a line now and then stands for the clock."""
        clock.seen = Look(40, coloured=False, ascii_only=True)
        clock.run("." * 1000)
        told = capsys.readouterr().out
        assert told.splitlines() == ["10:00 left  f finish  q leave", "9:59 left  f finish  q leave"]


class ClockInHand:
    """A clock whose time moves by a second with every key that is asked for."""

    def __init__(self, kit: Path, chosen: Exercise) -> None:
        self.now = TestClock.START
        self.pressed = ""
        self.seen = Look(80, coloured=False, ascii_only=False)
        self.history = History(kit, lambda complaint: pytest.fail(complaint), lambda: self.now)
        self._exercise = chosen
        drill = self.history.begin_drill(7, 10, [chosen.name], "folder")
        assert drill is not None
        self._drill: Drill = drill

    def save(self, text: str) -> None:
        self._text = text

    _text = ""

    def run(self, keys: str) -> bool:
        """Presses the keys, of which a dot is none; what the clock says at the end."""
        self.now, self.pressed = TestClock.START, ""
        cells = Cells(Isolation(Level.BARE), 0, {})
        clock = Clock(self._drill, (self._exercise,), self.history, cells, self.seen, lambda: self.now)
        if self._text:
            layout.module_file(self._exercise.folder, self._exercise.module).write_text(self._text)
        left = iter(keys)

        def key(_: float) -> str:
            self.now += dt.timedelta(seconds=1)
            pressed = next(left)
            self.pressed += pressed
            return "" if pressed == "." else pressed

        return clock.run(key)


def test_from_the_draw_to_the_record(small_kit: Path) -> None:
    """Begin, save, leave, be refused a hint, come back, finish, and read what came of it."""
    command = [sys.executable, "-m", "grader", "mock", "--kit", str(small_kit)]
    with Terminal([*command, "--minutes", "45", "--seed", "7"], cwd=small_kit, environment=environment()) as terminal:
        terminal.wait_for("f finish  q leave")
        assert "Mock: 45 minutes, seed 7" in terminal.text
        (folder,) = layout.drills(small_kit).iterdir()
        (one, _) = sorted(path for path in folder.glob("*/*") if path.is_dir())
        solution = small_kit / "solutions" / one.relative_to(folder) / f"{one.name}.py"
        shutil.copy(solution, one / solution.name)
        history = History(small_kit, lambda _: None)
        while not history.attempts():
            terminal.wait_for("left")
            terminal.read()
        terminal.type("q")
        assert terminal.wait_for_end() == 0
    assert main(["hint", "first", "--kit", str(small_kit)]) == 2
    assert main(["mock", "--seed", "8", "--kit", str(small_kit)]) == 2
    with Terminal(command, cwd=small_kit, environment=environment(), lines=100) as terminal:
        terminal.wait_for("f finish  q leave")
        terminal.type("f")
        terminal.wait_for("f again finishes and grades")
        terminal.type("f")
        assert terminal.wait_for_end() == 0
        assert "Score: 50 of 100" in terminal.text
        assert "First passing check after" in terminal.text
        assert "50 of 100, before: new, 9 of 18 checks missed" in terminal.text
    (drill,) = history.drills()
    assert (drill.score, drill.seed, drill.late_s) == (50.0, 7, 0.0)
    assert drill.first_pass_s is not None
    assert history.running_drill() is None


class TestCommand:
    """What is refused."""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--finish", "no mock is running"),
            ("--minutes 5", "nothing fits into 5 minutes"),
            ("--topic nonsense", "no exercise is on nonsense; known topics: intervals"),
            ("wek1", "did you mean week1"),
        ],
    )
    def test_usage(self, small_kit: Path, capsys: pytest.CaptureFixture[str], words: str, message: str) -> None:
        """Nothing begins, and the message helps."""
        assert main(["mock", *words.split(), "--kit", str(small_kit)]) == 2
        assert message in capsys.readouterr().err
        assert not layout.own(small_kit).exists()

    def test_kit_that_has_lost_the_set(self, small_kit: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A mock of exercises that are gone ends, and does not stand in the way for ever."""
        History(small_kit, pytest.fail).begin_drill(1, 60, ["week9/gone"], "folder")
        assert main(["mock", "--kit", str(small_kit)]) == 2
        assert "the mock has ended" in capsys.readouterr().err
        assert History(small_kit, pytest.fail).running_drill() is None

    def test_without_a_terminal(
        self, small_kit: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The clock runs all the same; --finish grades, and late work is told."""
        graded: list[Report] = []

        def grade(jobs: list[tuple[Exercise, object]], **_: object) -> Report:
            graded.append(report(*(replace(PARTIAL, name=owner.name) for owner, _ in jobs)))
            return graded[-1]

        monkeypatch.setattr(grader.commands.mock, "grade", grade)
        monkeypatch.setattr(
            grader.commands.mock, "open_warm_cells", lambda *_, **__: Cells(Isolation(Level.BARE), 0, {})
        )
        with Path(os.devnull).open() as nothing:
            monkeypatch.setattr(sys, "stdin", nothing)
            assert main(["mock", "week1", "--minutes", "20", "--seed", "1", "--kit", str(small_kit)]) == 0
        assert "`grader mock --finish` grades it." in capsys.readouterr().out
        (folder,) = layout.drills(small_kit).iterdir()
        (work,) = (path for path in folder.glob("*/*/*.py") if not path.name.startswith("test_"))
        drill = History(small_kit, pytest.fail).running_drill()
        assert drill is not None
        late = drill.deadline + dt.timedelta(minutes=30)
        os.utime(work, (late.timestamp(), late.timestamp()))
        assert main(["mock", "--finish", "--kit", str(small_kit)]) == 0
        told = capsys.readouterr().out
        assert len(graded) == 1
        assert "A file was changed 30 minutes after time was up." in told
        assert "33.33 of 100, before: new, 2 of 3 checks missed" in told
