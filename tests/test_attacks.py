"""Hostile submissions: none earns a point more than the same file without its attack, and every check is graded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

from grader.catalog import Catalog, find_submission
from grader.cell.launcher import Launcher
from grader.model import Exercise, ExerciseReport, Isolation, Level, Submission, Verdict
from grader.report import FORMATS
from grader.scoring import score_report
from tests.attacks import AT_EVERY_LEVEL, ATTACKS, LOOK
from tests.toy_suites import Suites, verdicts

KIT = Path(__file__).parent / "kit"
HALF = (KIT / "submissions/half/jobs.py").read_text()
RIGHT = (KIT / "solutions/toy/jobs/jobs.py").read_text()
HONEST = 70  # points of the half right file

Reports = Callable[[Level], dict[str, ExerciseReport]]


def attacks(level: Level) -> dict[str, str]:
    """The attacks that are tried at a level. Bare cells share their parent with others: see the test of its own."""
    if level is Level.BARE:
        return {name: attack for name, attack in ATTACKS.items() if name != "kills its parent"}
    return ATTACKS if level is Level.SEALED else {name: ATTACKS[name] for name in AT_EVERY_LEVEL}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, launcher_of: Callable[[Level], Launcher]) -> Reports:
    """All attacks' reports at a level, made at the first use; the half right file's own has no name."""
    suites = Suites(tmp_path_factory.mktemp("attacks"), launcher_of)
    exercise = Catalog.load(KIT).get("toy/jobs")

    @cache
    def at(level: Level) -> dict[str, ExerciseReport]:
        sources = {name: attacked(attack) for name, attack in attacks(level).items()} | {"": HALF, "right": RIGHT}
        jobs = [(exercise, submission(exercise, source)) for source in sources.values()]
        return dict(zip(sources, suites.reports(jobs, level=level), strict=True))

    return at


def attacked(attack: str) -> str:
    before, _, behind = attack.partition("===")
    return f"{before}\n{HALF}\n{behind.lstrip()}"


def submission(exercise: Exercise, source: str) -> Submission:
    return Submission("a test", {f"{exercise.module}.py": source.encode()})


def passed(report: ExerciseReport) -> set[str]:
    return {result.check.id for result in report.checks if result.verdict is Verdict.PASSED}


class TestAttacks:
    """One file that attacks."""

    @pytest.mark.parametrize(("level", "attack"), [(level, attack) for level in Level for attack in attacks(level)])
    def test_no_point_is_gained(self, reports: Reports, level: Level, attack: str) -> None:
        """What passes would have passed anyway; every check has a verdict that counts."""
        report, honest = reports(level)[attack], reports(level)[""]
        assert passed(report) <= passed(honest)
        assert report.score <= honest.score == HONEST
        assert [result.check.id for result in report.checks if not result.verdict.counts] == []

    def test_the_suite_is_fair(self, reports: Reports) -> None:
        """The right file earns everything, or the attacks would prove little."""
        assert reports(Level.SEALED)["right"].score == 100

    def test_the_other_checks_are_graded(self, reports: Reports) -> None:
        """A call that ends the process costs the checks that make it, and no other."""
        found = verdicts(reports(Level.SEALED)["leaves in a call"])
        assert {name for name, verdict in found.items() if verdict == "crashed"} == {
            "test_priorities", "test_ties", "test_empty", "test_drain", "test_run", "test_run_async", "test_threads"
        }  # fmt: skip
        assert found["test_model"] == found["test_parse"] == "passed"

    def test_a_parent_that_was_killed(self, suites: Suites) -> None:
        """A bare cell can kill the process that all cells come from; the next check has cells nevertheless."""
        suite = (
            "@check(50)\ndef test_a(subject): subject.attack()\n@check(50)\ndef test_b(subject): assert subject.x == 1"
        )
        attack = "import os\nx = 1\ndef attack(): os.kill(os.getppid(), 9); return [] * 10**9"
        own = Suites(suites.folder, lambda _: launcher)
        launcher = Launcher(Level.BARE)
        try:
            launcher.wait_until_ready()
            assert verdicts(own.grade(suite, attack, parallel=1)) == {"test_a": "passed", "test_b": "passed"}
        finally:
            launcher.close()

    def test_reports_hold_no_control_characters(self, reports: Reports) -> None:
        """What a submission prints and raises reaches no terminal and no log as it was."""
        report = score_report(
            [reports(Level.BARE)["prints escapes"]], kit="0", seed=1, isolation=Isolation(Level.BARE), started=""
        )
        for render in FORMATS.values():
            text = render(report)
            assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}
            assert not [line for line in text.splitlines() if line.lstrip().startswith(("::", "##["))]


class TestBeside:
    """Files that lie beside the module."""

    FILES: ClassVar = {
        "conftest.py": "import pytest\n@pytest.fixture\ndef subject(): return None\nraise SystemExit(0)",
        "sitecustomize.py": "import os; os._exit(0)",
        "usercustomize.py": "import os; os._exit(0)",
        "pytest.ini": "[pytest]\naddopts = --collect-only",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--co'",
        "json.py": "dumps = loads = None",
        "msgspec.py": "raise SystemExit(0)",
        "asyncio.py": "raise SystemExit(0)",
        "hypothesis.py": "raise SystemExit(0)",
        "driver.py": "def hammer(*_): return True",
        "suite.py": "def test_nothing(): pass",
        "evil.pth": "import os; os._exit(0)",
    }

    def test_they_have_no_effect(self, suites: Suites, tmp_path: Path) -> None:
        """The report is that of the module alone."""
        exercise = Catalog.load(KIT).get("toy/jobs")
        folder = tmp_path / "handed_in"
        folder.mkdir()
        for name, text in self.FILES.items():
            (folder / name).write_text(text)
        (folder / "jobs.py").write_text(HALF)
        found = find_submission(exercise, folder)
        assert set(found.files) == {"jobs.py"}
        beside = {
            name: text.encode() for name, text in self.FILES.items() if name.endswith(".py") and name != "asyncio.py"
        }
        alone, hostile = suites.reports(
            [(exercise, found), (exercise, Submission("", {**found.files, **beside}))], level=Level.BARE
        )
        assert alone.score == HONEST
        assert passed(hostile) <= passed(alone)


@pytest.mark.parametrize("level", list(Level), ids=str)
def test_nothing_of_the_suite_is_in_the_cells_memory(suites: Suites, level: Level) -> None:
    """Neither in frames nor among objects nor anywhere in the process: the cell never knew it."""
    report = suites.grade(
        """
        SECRET = "".join(["whoever can ", "read this has ", "left the cell"])
        @check(10)
        def test_x(subject):
            assert subject.found(SECRET[::-1]) == [0]
        """,
        LOOK,
        level=level,
    )
    assert report.checks[0].message == "expected [0], got []"


def test_the_search_of_memory_finds_what_is_there(suites: Suites) -> None:
    """Else the test above would prove nothing."""
    text = "whoever can read this has left the cell"
    result = suites.check(
        f"@check(10)\ndef test_x(subject): assert subject.found({text[::-1]!r}) == [0]", f"{LOOK}\nx = {text!r}"
    )
    assert "gc" in result.message
    assert "memory" in result.message
