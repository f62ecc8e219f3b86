"""What measures speed: its arithmetic, and that the baseline runs suites as they are. No time is asserted."""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import batches, grading, peers, processes
from tests.bench.figures import Figure, draw, keep
from tests.bench.processes import Failed, Usage, alternate, run

SUITE = """
import pytest
from grader.suite import check, fields, raises
from hypothesis import given, strategies as st

@check("counts", points=50, stage="core", hint="?")
@given(st.integers(0, 9))
def test_count(subject, number):
    counter = subject.Counter(number)
    counter.add()
    assert fields(counter, "count") == (number + 1,)

@check("refuses", points=50, stage="core", hint="?")
@pytest.mark.parametrize("kind", [ValueError, "ArithmeticError"])
def test_refuse(subject, driver, cell, manual_clock, rng, kind):
    with raises(kind, match="below") as caught:
        subject.Counter(-1 - rng.randrange(9))
    assert "below" in str(caught.error)
    manual_clock.advance(2)
    assert (manual_clock(), driver.double(2), cell.operator.add(1, 2)) == (1002.0, 4, 3)
    assert cell.cpu(driver.double, 1) >= 0
"""
COUNTER = """
class TooLow(ValueError, ArithmeticError):
    pass

class Counter:
    def __init__(self, count):
        if count < 0:
            raise TooLow("below nothing")
        self.count = count

    def add(self):
        self.count += 1
"""


@pytest.mark.parametrize(
    ("ours", "limit", "free", "is_missed"),
    [(3.0, 1.5, 0.0, False), (3.1, 1.5, 0.0, True), (3.1, 1.5, 4.0, False), (9.0, None, 0.0, False)],
)
def test_a_figure_is_missed(ours: float, limit: float | None, free: float, is_missed: bool) -> None:
    """A figure may be up to its limit, or cost up to what is free."""
    assert Figure("work", "CPU", ours, 2.0, "plain", limit, free).is_missed == is_missed


def test_ratios_are_kept(tmp_path: Path) -> None:
    """Only ratios are written; what was not measured this time stays."""
    path = tmp_path / "latest.json"
    keep([Figure("one", "wall", 3.0, 2.0, "plain"), Figure("two", "CPU", 1.0, 3.0, "plain")], path)
    keep([Figure("one", "wall", 2.0, 2.0, "plain")], path)
    assert json.loads(path.read_text())["ratios"] == {"one, wall": 1.0, "two, CPU": 0.33}


def test_exponents_are_shown_as_such() -> None:
    """Seconds are drawn with their unit, exponents without."""
    console = Console(width=110, record=True, file=io.StringIO())
    draw([Figure("work", "exponent", 0.98, 1, "linear"), Figure("work", "CPU", 0.5, 1.0, "less")], console)
    shown = console.export_text()
    assert "0.98 │" in shown
    assert "500 ms" in shown


@pytest.mark.parametrize(
    ("many", "exponents", "missed"),
    [
        (Usage(20.0, 40.0, 100), [1, 1, 0], []),
        (Usage(21.9, 43.9, 109), [1.03, 1.03, 0.029], []),
        (Usage(400.0, 44.1, 112), [2, 1.033, 0.038], ["time", "CPU time", "the largest process"]),
    ],
)
def test_growth(monkeypatch: pytest.MonkeyPatch, many: Usage, exponents: list[float], missed: list[str]) -> None:
    """Twenty times as many submissions may take 22 times as long and a tenth more memory."""
    monkeypatch.setattr(batches, "plain", lambda: Usage(1.0, 2.0))
    monkeypatch.setattr(batches, "grade_batch", {50: Usage(1.0, 2.0, 100), 1_000: many}.get)
    wall, cpu, *grown = batches.growth(1)
    assert (wall.ours, cpu.ours) == (many.wall / 1_000, many.cpu / 1_000)
    assert [figure.ratio for figure in grown] == pytest.approx(exponents, rel=0.01)
    assert [figure.name.partition("growth of ")[2] for figure in grown if figure.is_missed] == missed


def test_a_batch_is_compared_by_the_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest batch has the limit; pytest is timed before and after each, and its mean counts."""
    turns: list[str] = []
    plains = itertools.cycle([Usage(2.0, 3.0), Usage(4.0, 5.0)])

    def grade_batch(size: int) -> Usage:
        turns.append(str(size))
        return Usage(size * 1.0, size * 2.0)

    def plain() -> Usage:
        turns.append("plain")
        return next(plains)

    monkeypatch.setattr(batches, "grade_batch", grade_batch)
    monkeypatch.setattr(batches, "plain", plain)
    figures = batches.batch(5)
    assert turns == ["plain", "10", "plain", "plain", "50", "plain", "plain", "200", "plain"]
    assert [(figure.unit, figure.ours, figure.plain) for figure in figures] == [
        ("wall", 1.0, 3.0),
        ("CPU", 2.0, 4.0),
    ] * 3
    assert [figure.limit for figure in figures] == [None] * 4 + [1 / 3, None]


def test_turns_and_medians() -> None:
    """Each is run once for nothing, then in turns; the medians are reported."""
    turns: list[str] = []
    walls = {"a": iter([9.0, 1.0, 5.0, 3.0]), "b": iter([9.0, 2.0, 2.0, 4.0])}

    def measure(name: str) -> Usage:
        turns.append(name)
        return Usage(next(walls[name]), 0.0)

    a, b = alternate(3, lambda: measure("a"), lambda: measure("b"))
    assert (a.wall, b.wall) == (3.0, 2.0)
    assert "".join(turns) == "abababab"


def test_cpu_of_children_counts() -> None:
    """The CPU time of a process includes that of what it started."""
    child = "sum(range(3_000_000))"
    usage = run([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'])"])
    assert usage.cpu > run([sys.executable, "-c", "pass"]).cpu


def test_a_failure_is_no_figure() -> None:
    """A program that did not do its work has no cost; what it said is told."""
    with pytest.raises(Failed, match="exit status 3:\nno such thing"):
        run([sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"])


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    """A suite with the reference beside it."""
    folder = tmp_path / "counter"
    folder.mkdir()
    (folder / "suite.py").write_text(SUITE)
    (folder / "counter.py").write_text(COUNTER)
    (folder / "driver.py").write_text("def double(number):\n    return 2 * number\n")
    return folder


def test_the_baseline_runs_a_suite(solution: Path) -> None:
    """Fixtures and words of a suite work in one process, and a failing check is noticed."""
    assert grading.pytest(solution).cpu > 0
    # of another size, since Python tells sources of one second apart by nothing else
    (solution / "counter.py").write_text(COUNTER.replace("+= 1", "+= 10"))
    with pytest.raises(Failed, match="1 failed, 2 passed"):
        grading.pytest(solution)


def test_a_peer_runs_every_check(solution: Path) -> None:
    """The checks are functions of no arguments, each called with all of its parameters."""
    command = [sys.executable, "-c", "from tests.bench.one_by_one import checks\nfor check in checks(): check()"]
    assert run(command, grading.in_process(solution)).cpu > 0
    (solution / "counter.py").write_text(COUNTER.replace("raise TooLow", "raise ValueError"))
    with pytest.raises(Failed, match=r"assert self\._name in"):
        run(command, grading.in_process(solution))


def test_a_peer_passes_all_checks_or_has_no_figure(solution: Path) -> None:
    """What it was handed lies where it works; a check that it has left out is an error."""
    code = f"import sys; open({peers.RESULTS!r}, 'w').write(open('counter.py').read() and ' '.join(sys.argv[1:]))"
    peer = peers.Peer("peer", "peer", lambda *_: [], lambda place: (place / peers.RESULTS).read_text().split())
    assert peer.grade([sys.executable, "-c", code, "test_count", "test_refuse"], solution).cpu > 0
    with pytest.raises(Failed, match="peer did not pass exactly the suite's checks: test_refuse"):
        peer.grade([sys.executable, "-c", code, "test_count"], solution)


def test_a_peer_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, and has no figures. One that is there is found, with its version."""
    monkeypatch.setenv(peers.FOLDER, str(tmp_path))
    absent = peers.Peer("no-such-grader", "no_such_grader", lambda *_: [], lambda _: [])
    assert absent.measure(1) == []
    assert "no-such-grader is not installed" in capsys.readouterr().out
    assert peers.Peer("pytest", "pytest", lambda *_: [], lambda _: []).find() == (
        sys.executable,
        f"pytest {pytest.__version__}",
    )


def test_groups_are_removed() -> None:
    """Measuring leaves no control group behind."""
    run([sys.executable, "-c", "pass"])
    own = processes._OWN
    assert own is None or not list(own.glob(f"onspot-bench-{os.getpid()}-*"))
