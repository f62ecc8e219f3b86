"""The command line: what it runs, what it prints, how it ends, and what it says to mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import grader.grading
from grader import __version__
from grader.cli import main
from grader.model import Exercise, Level, Report, Status, Submission
from grader.remembering import Memory
from tests.sample_reports import ATTACK, INVALID, PARTIAL, PASSED, report

Job = tuple[Exercise, Submission]


class Grading:
    """Stands in for the grading: remembers how it was called and answers with a report made by hand."""

    def __init__(self) -> None:
        self.report: Report = report(PARTIAL)
        self.jobs: list[Job] = []
        self.options: dict[str, Any] = {}

    def __call__(self, jobs: list[Job], **options: Any) -> Report:
        self.jobs, self.options = jobs, options
        return self.report

    @property
    def names(self) -> list[str]:
        return [exercise.name for exercise, _ in self.jobs]


@pytest.fixture
def grading(monkeypatch: pytest.MonkeyPatch) -> Grading:
    """The stand-in, in place, outside continuous integration."""
    stand_in = Grading()
    monkeypatch.setattr(grader.grading, "grade", stand_in)
    monkeypatch.delenv("CI", raising=False)
    return stand_in


@pytest.fixture
def run(small_kit: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command on the small kit: exit status, standard output, standard error."""

    def run_command(command: str, *arguments: str | Path) -> tuple[int, str, str]:
        status = main([command, *map(str, arguments), "--kit", str(small_kit)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_command


Run = Callable[..., tuple[int, str, str]]


class TestWhatIsGraded:
    """Targets and submissions."""

    def test_targets(self, run: Run, grading: Grading) -> None:
        """Tracks and exercises, in the catalog's order."""
        assert run("grade", "week2", "first")[0] == 0
        assert grading.names == ["week1/first", "week2/third"]

    def test_no_target_on_a_fresh_kit_is_everything(self, run: Run, grading: Grading) -> None:
        """The first scoreboard shows all stubs."""
        run("grade")
        assert grading.names == ["week1/first", "week1/second", "week2/third"]
        assert all(submission.is_stub for _, submission in grading.jobs)

    def test_no_target_is_what_was_last_worked_on(self, run: Run, grading: Grading, small_kit: Path) -> None:
        """Once something is written, that is graded."""
        (small_kit / "exercises/week1/second/second.py").write_text("mine = 1\n")
        run("grade")
        assert grading.names == ["week1/second"]
        assert grading.jobs[0][1].files == {"second.py": b"mine = 1\n"}

    def test_submission_without_target(self, run: Run, grading: Grading, tmp_path: Path) -> None:
        """Of a tree, what it holds is graded."""
        for name in ("week1/first/first.py", "week2/third/third.py"):
            (tmp_path / "tree" / name).parent.mkdir(parents=True)
            (tmp_path / "tree" / name).write_text("theirs = 1\n")
        run("grade", "--submission", tmp_path / "tree")
        assert grading.names == ["week1/first", "week2/third"]

    def test_submission_with_target(self, run: Run, grading: Grading, tmp_path: Path) -> None:
        """What was asked for and not handed in is graded as missing, not left out."""
        (tmp_path / "first.py").write_text("theirs = 1\n")
        run("grade", "week1", "--submission", tmp_path)
        assert [bool(submission.problem) for _, submission in grading.jobs] == [False, True]

    def test_single_file(self, run: Run, grading: Grading, tmp_path: Path) -> None:
        """A file of the exercise's name needs no target; one of any other name does."""
        for name in ("first.py", "final.py"):
            (tmp_path / name).write_text("theirs = 1\n")
        run("grade", "--submission", tmp_path / "first.py")
        assert grading.names == ["week1/first"]
        run("grade", "week2/third", "--submission", tmp_path / "final.py")
        assert grading.jobs[0][1].files == {"third.py": b"theirs = 1\n"}
        status, _, error = run("grade", "--submission", tmp_path / "final.py")
        assert (status, "name the exercise that it is for" in error) == (2, True)
        status, _, error = run("grade", "week1", "--submission", tmp_path / "final.py")
        assert (status, "name the one exercise" in error) == (2, True)


class TestOptions:
    """What reaches the grading."""

    def test_defaults(self, run: Run, grading: Grading) -> None:
        """A learner at work gets seed 0, the strongest level that works, and the exercises' own limits."""
        run("grade")
        del grading.options["on_event"]
        assert isinstance(grading.options.pop("memory"), Memory)
        assert grading.options == {
            "seed": 0, "isolation": None, "require": None, "timeout": None, "parallel": None,
            "allow_bare": True,
        }  # fmt: skip

    def test_given(self, run: Run, grading: Grading) -> None:
        """Every option is passed on as a value."""
        given = "--seed 5 --jobs 3 --timeout 2.5 --isolation guarded --require bare --no-cache"
        run("grade", *given.split())
        del grading.options["on_event"]
        assert grading.options == {
            "seed": 5, "isolation": Level.GUARDED, "require": Level.BARE, "timeout": 2.5, "parallel": 3,
            "allow_bare": True, "memory": None,
        }  # fmt: skip

    def test_work_of_others_never_runs_bare_unasked(self, run: Run, grading: Grading, tmp_path: Path) -> None:
        """Bare must be asked for by name."""
        (tmp_path / "first.py").touch()
        run("grade", "--submission", tmp_path)
        assert grading.options["allow_bare"] is False
        run("grade", "--submission", tmp_path, "--isolation", "bare")
        assert grading.options["allow_bare"] is True

    def test_seed_is_fresh_where_examples_could_be_learnt(
        self, run: Run, grading: Grading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Submissions and continuous integration get a new seed of 32 bits each time."""
        (tmp_path / "first.py").touch()
        seeds = set()
        for _ in range(4):
            run("grade", "--submission", tmp_path)
            seeds.add(grading.options["seed"])
        monkeypatch.setenv("CI", "true")
        run("grade")
        seeds.add(grading.options["seed"])
        assert len(seeds) >= 4
        assert all(0 <= seed < 2**32 for seed in seeds)
        monkeypatch.setenv("CI", "false")
        run("grade")
        assert grading.options["seed"] == 0


class TestOutput:
    """Reports and exit statuses."""

    def test_terminal_report(self, run: Run, grading: Grading) -> None:
        """The report goes to standard output, without colour where that is no terminal; progress does not."""
        status, output, error = run("grade")
        assert (status, error) == (0, "")
        assert "week1/pools  partial" in output
        assert "\x1b" not in output

    def test_plain(self, run: Run, grading: Grading) -> None:
        """--plain is ASCII."""
        assert run("grade", "--plain")[1].isascii()

    def test_quiet(self, run: Run, grading: Grading) -> None:
        """--quiet prints nothing."""
        assert run("grade", "--quiet") == (0, "", "")

    def test_report_on_standard_output_is_alone_there(self, run: Run, grading: Grading) -> None:
        """With `--json -`, standard output is JSON and nothing else."""
        status, output, error = run("grade", "--json", "-")
        assert (status, error) == (0, "")
        assert json.loads(output)["schema"] == 1

    def test_files(self, run: Run, grading: Grading, tmp_path: Path) -> None:
        """Every format can be written in one run, beside the report for people."""
        files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "markdown")}
        status, output, _ = run("grade", *(word for name in files for word in (f"--{name}", files[name])))
        assert status == 0
        assert "week1/pools" in output
        assert json.loads(files["json"].read_text())["score"] == 33.33
        assert files["junit"].read_text().startswith("<?xml")
        assert files["markdown"].read_text().startswith("# Onspot: 33.33 of 100")

    def test_min_score(self, run: Run, grading: Grading) -> None:
        """Exit status 1 below the score that is asked for, 0 at it; a report is written in both cases."""
        assert run("grade", "--min-score", "33.33")[0] == 0
        status, output, _ = run("grade", "--min-score", "34")
        assert (status, "week1/pools" in output) == (1, True)
        grading.report = report(PASSED)
        assert run("grade", "--min-score", "100")[0] == 0

    def test_unfinished_work_is_no_error(self, run: Run, grading: Grading) -> None:
        """Without --min-score a score of 0 ends with status 0."""
        grading.report = report(INVALID)
        assert run("grade")[0] == 0

    def test_grader_at_fault(self, run: Run, grading: Grading) -> None:
        """An internal error ends with status 3, whatever the score."""
        grading.report = report(ATTACK)
        assert run("grade", "--min-score", "100")[0] == 3


class TestMistakes:
    """Every mistake is answered in one line that helps, with status 2, and nothing is graded."""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("grade wek1", "there is no track or exercise wek1; did you mean week1"),
            ("grade week1/frist", "did you mean week1/first"),
            ("grad week1", "there is no command grad; did you mean grade"),
            ("grade --sed 3", "there is no option --sed; did you mean --seed"),
            ("grade --min_score=3", "there is no option --min_score=3; did you mean --min-score"),
            ("grade --seed x", "argument --seed: 'x' is not a whole number"),
            ("grade --seed -1", "argument --seed: -1 is not between 0 and 4294967295"),
            ("grade --seed", "argument --seed: expected one argument"),
            ("grade --jobs 0", "argument --jobs: 0 is not between 1 and 1024"),
            ("grade --min-score 101", "argument --min-score: 101 is not between 0 and 100"),
            ("grade --timeout nan", "argument --timeout: nan is not between"),
            ("grade --isolation none", "argument --isolation: invalid choice: 'none'"),
            ("grade --json - --junit -", "only one report can go to standard output"),
            ("grade --json /nowhere/x.json", "--json /nowhere/x.json cannot be written"),
            ("grade --json .", "--json . cannot be written"),
            ("grade --submission /nowhere", "there is no file or folder /nowhere"),
            ("show nothing", "there is no exercise nothing"),
            ("reset", "the following arguments are required: TRACK/NAME"),
            ("new week1/first", "already there"),
        ],
    )
    def test_usage(self, run: Run, grading: Grading, words: str, message: str) -> None:
        """The message names what was typed and what may have been meant."""
        status, output, error = run(*words.split())
        assert status == 2
        assert output == ""
        assert error.startswith("grader: ")
        assert message in error
        assert "Traceback" not in error
        assert grading.jobs == []

    def test_empty_tree(self, run: Run, tmp_path: Path, grading: Grading) -> None:
        """A tree without any exercise is most likely the wrong tree."""
        (tmp_path / "empty").mkdir()
        status, _, error = run("grade", "--submission", tmp_path / "empty")
        assert (status, "holds no exercise of this kit" in error) == (2, True)

    def test_broken_exercise(self, run: Run, grading: Grading, small_kit: Path) -> None:
        """A fault of the kit ends with status 3, and names the file."""
        (small_kit / "exercises/week1/first/exercise.toml").write_text("format = 1\n")
        status, _, error = run("grade", "week1")
        assert status == 3
        assert "week1/first/exercise.toml: difficulty is missing" in error
        assert grading.jobs == []

    def test_interrupt(self, run: Run, grading: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C ends quietly, with the status that shells expect."""

        def interrupted(*_: object, **__: object) -> Report:
            raise KeyboardInterrupt

        monkeypatch.setattr(grader.grading, "grade", interrupted)
        assert run("grade")[::2] == (130, "grader: interrupted\n")

    def test_fault_of_the_grader(self, run: Run, grading: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
        """What nobody foresaw ends with status 3, not with one that means a low score."""

        def broken(*_: object, **__: object) -> Report:
            raise RuntimeError("a bug")

        monkeypatch.setattr(grader.grading, "grade", broken)
        status, _, error = run("grade")
        assert status == 3
        assert "RuntimeError: a bug" in error
        assert error.endswith("please report it\n")


class TestOtherCommands:
    """show, new, doctor; those with a history are in test_learner.py."""

    def test_show(self, run: Run, small_kit: Path) -> None:
        """Where nobody watches, the statement as it is written."""
        statement = (small_kit / "exercises/week1/first/README.md").read_text()
        assert run("show", "first") == (0, statement, "")

    def test_new(self, run: Run, small_kit: Path) -> None:
        """The files are named, and what to do with them."""
        status, output, _ = run("new", "week3/job_queue")
        assert status == 0
        assert str(small_kit / "exercises/week3/job_queue/README.md") in output
        assert "python -m grader verify week3/job_queue" in output

    def test_doctor(self, run: Run) -> None:
        """It names the level of isolation, the server behind Redis and the kit."""
        status, output, _ = run("doctor")
        assert status == 0
        subjects = [line.split()[0] for line in output.splitlines()]
        assert {"onspot", "Python", "isolation", "Redis", "kit"} <= set(subjects)
        assert "3 exercises in" in output


class TestProcess:
    """The real program."""

    def program(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "grader", *map(str, arguments)]
        root = Path(grader.__file__).parents[1]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False, **options)

    def test_stubs_end_to_end(self, small_kit: Path) -> None:
        """The stubs score 0, all of them not started, and that is no error."""
        done = self.program("grade", "week1", "--kit", small_kit, "--json", "-")
        values = json.loads(done.stdout)
        assert (done.returncode, done.stderr) == (0, "")
        assert (values["score"], values["kit"]) == (0.0, __version__)
        assert {exercise["status"] for exercise in values["exercises"]} == {Status.NOT_STARTED}

    def test_reference_end_to_end(self, small_kit: Path) -> None:
        """The reference, handed in, scores 100."""
        reference = small_kit / "solutions/week1/first"
        words = ["grade", "first", "--quiet", "--min-score", "100", "--kit"]
        done = self.program(*words, small_kit, "--submission", reference)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_narrow_locale(self, small_kit: Path) -> None:
        """Where symbols cannot be encoded, letters stand for them."""
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
        done = self.program("grade", "week1", "--kit", small_kit, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert "- week1/first" in done.stdout
        assert done.stdout.isascii()

    def test_reader_that_goes_away(self, small_kit: Path) -> None:
        """`grader list | head -1` ends without a complaint."""
        command = f"{sys.executable} -m grader list --kit {small_kit} | true"
        root = Path(grader.__file__).parents[1]
        done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""

    def test_version_and_help(self) -> None:
        """They answer with status 0."""
        assert self.program("--version").stdout == f"onspot {__version__}\n"
        done = self.program("--help")
        assert done.returncode == 0
        for command in ("grade", "list", "show", "new", "verify", "doctor"):
            assert command in done.stdout
