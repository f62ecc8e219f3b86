"""A learner's commands on a small kit: what they print, keep and refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import grader.grading
from grader.catalog import Catalog, layout
from grader.cli import main
from grader.model import Exercise, Report, Status, Submission, Verdict
from grader.scoring import score_exercise
from tests.sample_reports import report, result


@pytest.fixture
def run(
    small_kit: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line on the small kit: exit status, standard output, standard error."""
    monkeypatch.chdir(small_kit)
    monkeypatch.setenv("COLUMNS", "100")

    def run_command(line: str) -> tuple[int, str, str]:
        status = main([*line.split(), "--kit", str(small_kit)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_command


Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def write(small_kit: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes a learner's work. A grading gives the score that stands in its first line, such as ``# 40``."""

    def grade(jobs: list[tuple[Exercise, Submission]], **_: object) -> Report:
        reports = []
        for exercise, submission in jobs:
            text = b"".join(submission.files.values()).decode()
            points = int(found[1]) if (found := re.match(r"# (\d+)", text)) else 0
            parts = [(points, Verdict.PASSED), (100 - points, Verdict.FAILED)]
            results = [
                result(place, verdict, "expected 1, got 2", "first.f()  # -> 2", points=share)
                for place, (share, verdict) in enumerate(parts)
                if share
            ]
            reports.append(score_exercise(exercise, submission, results))
        return report(*reports)

    monkeypatch.setattr(grader.grading, "grade", grade)
    monkeypatch.delenv("CI", raising=False)

    def write_work(name: str, text: str) -> None:
        exercise = Catalog.load(small_kit).get(name)
        layout.module_file(exercise.folder, exercise.module).write_text(text)

    return write_work


Write = Callable[[str, str], None]


class TestList:
    """`list` shows every exercise with its state."""

    def test_new_kit(self, run: Run) -> None:
        """Per exercise one line with its name, minutes and difficulty; per track one above."""
        status, output, error = run("list")
        assert (status, error) == (0, "")
        lines = [line.split() for line in output.splitlines() if line.startswith("  ")]
        assert [line[1] for line in lines] == ["week1/first", "week1/second", "week2/third"]
        assert all(line[2:4] == ["not", "started"] and "min" in line for line in lines)
        assert "0 of 100, 0 of 2 passed" in output

    def test_states(self, run: Run, write: Write) -> None:
        """The best score counts; work that was never graded is told from none."""
        for score in ("40", "30"):
            write("first", f"# {score}\n")
            run("grade first --quiet")
        write("second", "# 100\n")
        output = run("list")[1]
        assert re.search(r"week1/first +partial +40 ", output)
        assert re.search(r"week1/second +not graded +- ", output)
        run("grade second --quiet")
        output = run("list week1")[1]
        assert re.search(r"week1/second +passed +100 ", output)
        assert "70 of 100, 1 of 2 passed" in output
        assert "week2" not in output

    def test_goes_on_after_a_fault(self, run: Run, small_kit: Path) -> None:
        """What is broken is told, the rest is listed, and the status is 3."""
        (small_kit / "exercises/week1/first/exercise.toml").unlink()
        status, output, error = run("list")
        assert (status, "week1/second" in output) == (3, True)
        assert "exercise.toml: is missing" in error


class TestRecord:
    """Which gradings become history."""

    def test_submissions_of_others_do_not(self, run: Run, write: Write, small_kit: Path, tmp_path: Path) -> None:
        """Only the learner's own work is recorded."""
        (tmp_path / "first.py").write_text("# 50\n")
        run(f"grade first --submission {tmp_path}")
        assert not layout.history(small_kit).exists()
        write("first", "# 50\n")
        run("grade")
        assert layout.history(small_kit).exists()

    def test_damaged_history_stops_nothing(self, run: Run, write: Write, small_kit: Path) -> None:
        """The report comes, with the usual status; the fault is told beside it."""
        layout.own(small_kit).mkdir()
        layout.history(small_kit).write_text("no database " * 1000)
        write("first", "# 50\n")
        status, output, error = run("grade")
        assert (status, "week1/first" in output) == (0, True)
        assert "is damaged" in error
        assert "1 attempt" in run("report")[1]


class TestNext:
    """`next` suggests and never jumps."""

    def test_in_order(self, run: Run, write: Write) -> None:
        """New work in the catalog's order, begun work before it, praise at the end."""
        assert "Next: week1/first" in run("next")[1]
        write("second", "# 30\n")
        assert "Go on with: week1/second" in run("next")[1]
        for name in ("first", "second", "third"):
            write(name, "# 100\n")
        run("grade week1 week2 --quiet")
        assert "All exercises are passed." in run("next")[1]


class TestHint:
    """`hint` opens one at a time, after an attempt."""

    def test_story(self, run: Run, write: Write) -> None:
        """Closed before a try; then one hint for each try that changed something; then all after a pass."""
        assert "still closed: write a first try" in run("hint first")[1]
        write("first", "# 30\n")
        assert "still closed: grade your first try" in run("hint first")[1]
        run("grade --quiet")
        first = run("hint")[1]
        assert "Hint 1 of 3" in first
        assert "For hint 2: change your code and grade it again." in first
        run("grade --quiet")
        assert run("hint")[1] == first
        assert "still closed" in run("hint --number 2")[1]
        write("first", "# 31\n")
        run("grade --quiet")
        assert "Hint 2 of 3" in run("hint")[1]
        assert run("hint --number 1")[1].startswith(first.split("\n\n")[0])
        assert "still closed: change your code" in run("hint --number 3")[1]
        assert "2 of 3 hints" in run("report")[1]
        write("first", "# 100\n")
        run("grade --quiet")
        assert "Hint 3 of 3" in run("hint")[1]
        assert "Hint 3 of 3" in run("hint")[1]

    def test_is_offered_after_three_tries(self, run: Run, write: Write) -> None:
        """Not at once, not again before three more tries, never after a pass."""

        def offered(score: int) -> bool:
            write("first", f"# {score}\n")
            return "Stuck? Hint" in run("grade")[1]

        assert [offered(score) for score in (1, 2, 3, 4)] == [False, False, True, True]
        assert "Hint 1 of 3" in run("hint")[1]
        assert [offered(score) for score in (5, 6, 7)] == [False, False, True]
        assert not offered(100)

    def test_only_one_is_shown(self, run: Run, write: Write) -> None:
        """The text is that hint's and no other's."""
        write("first", "# 30\n")
        run("grade --quiet")
        assert "## Hint" not in run("hint")[1]

    def test_typo(self, run: Run) -> None:
        """Near names are suggested."""
        status, _, error = run("hint frist")
        assert (status, "did you mean week1/first" in error) == (2, True)


class TestSolution:
    """`solution` is earned, or given up for."""

    def test_closed_until_passed(self, run: Run, write: Write) -> None:
        """Before a pass it takes --give-up, which is remembered."""
        write("first", "# 30\nmine = 1\n")
        run("grade --quiet")
        status, output, error = run("solution first")
        assert (status, output) == (2, "")
        assert "--give-up opens it now" in error
        status, output, _ = run("solution first --give-up")
        assert status == 0
        assert "-mine = 1" in output
        assert "+++ reference/first.py" in output
        write("first", "# 100\n")
        run("grade --quiet")
        assert "solution seen before" in run("report")[1]

    def test_open_after_a_pass(self, run: Run, write: Write, small_kit: Path) -> None:
        """Afterwards it is shown, as a difference to one's own work."""
        write("first", "# 100\n")
        run("grade --quiet")
        assert "-# 100" in run("solution first")[1]
        write("first", (small_kit / "solutions/week1/first/first.py").read_text())
        assert "yours is the reference" in run("solution first")[1]


class TestReset:
    """`reset` keeps the work."""

    def test_file(self, run: Run, write: Write, small_kit: Path) -> None:
        """The stub is back, byte for byte, and the command that it prints brings the work back."""
        file = small_kit / "exercises/week1/first/first.py"
        stub = file.read_bytes()
        write("first", "mine = 1\n")
        status, output, _ = run("reset first")
        assert (status, file.read_bytes()) == (0, stub)
        (kept,) = layout.own(small_kit).rglob("first.py")
        assert kept.read_text() == "mine = 1\n"
        assert str(kept.parent.relative_to(small_kit)) in output

    def test_package(self, run: Run, small_kit: Path) -> None:
        """A package that the learner made of the module goes, too, and is kept whole."""
        folder = small_kit / "exercises/week1/first/first"
        (folder / "parts").mkdir(parents=True)
        (folder / "__init__.py").write_text("from first.parts import one\n")
        (folder / "parts/one.py").write_text("one = 1\n")
        assert run("reset first")[0] == 0
        assert not folder.exists()
        assert [path.read_text() for path in layout.own(small_kit).rglob("one.py")] == ["one = 1\n"]
        assert "not started" in run("list first")[1]

    def test_stub(self, run: Run) -> None:
        """Where there is nothing to reset, nothing happens."""
        status, _, error = run("reset first")
        assert (status, "nothing to reset" in error) == (2, True)

    def test_tests_and_notes_stay(self, run: Run, write: Write, small_kit: Path) -> None:
        """Only the module is reset."""
        notes = small_kit / "exercises/week1/first/notes.txt"
        notes.write_text("mine")
        write("first", "mine = 1\n")
        run("reset first")
        assert notes.read_text() == "mine"


class TestReport:
    """`report` tells the history."""

    def test_empty(self, run: Run, small_kit: Path) -> None:
        """Before the first grading it says how to begin."""
        output = run("report")[1]
        assert "Nothing has been graded yet" in output
        assert not layout.own(small_kit).exists()

    def test_progress(self, run: Run, write: Write) -> None:
        """Tracks, weak topics, exercises and attempts, the latest first."""
        for score in ("40", "100"):
            write("first", f"# {score}\n")
            run("grade first --quiet")
        write("third", "# 20\n")
        run("grade third --quiet")
        output = run("report")[1]
        assert "50 of 100, 1 of 2 passed" in output
        assert re.search(r"Passed on [-\d]+, after 2 attempts", output)
        attempts = re.findall(r"(partial|passed) +(\d+)  (\w+/\w+)", output)
        assert attempts == [
            ("partial", "20", "week2/third"),
            ("passed", "100", "week1/first"),
            ("partial", "40", "week1/first"),
        ]
        assert "week2/third" not in run("report week1")[1]


class TestHtml:
    """`report --html` and `grade --html`."""

    def test_files(self, run: Run, write: Write, tmp_path: Path) -> None:
        """Each writes its page; every lost check of the latest attempts is on both."""
        write("first", "# 30\n")
        assert run(f"grade --quiet --html {tmp_path / 'grade.html'}")[0] == 0
        assert run(f"report --html {tmp_path / 'report.html'}") == (0, "", "")
        for name, title in (("grade", "Onspot report"), ("report", "Onspot progress")):
            page = (tmp_path / f"{name}.html").read_text()
            assert f"<h1>{title}</h1>" in page
            assert page.count("<code>first.f()  # -&gt; 2</code>") == 1

    def test_standard_output(self, run: Run) -> None:
        """A dash is standard output, with nothing else on it."""
        output = run("report --html -")[1]
        assert output.startswith("<!DOCTYPE html>")
        assert output.endswith("</html>\n")

    def test_file_that_cannot_be_written(self, run: Run) -> None:
        """Said before anything is read."""
        status, _, error = run("report --html /nowhere/page.html")
        assert (status, "--html /nowhere/page.html cannot be written" in error) == (2, True)


@pytest.mark.parametrize("line", ["list", "next", "report", "show", "hint", "grade", "solution"])
def test_plain_and_narrow(line: str, run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --plain nothing but ASCII is printed; at 40 columns no line of the grader's is wider, but for commands."""
    monkeypatch.setenv("COLUMNS", "40")
    write("first", "# 100\n")
    run("grade --quiet")
    write("second", "# 30\n")
    run("grade --quiet")
    output = run(f"{line} {'first' if line == 'solution' else ''} --plain")[1]
    assert output.isascii()
    if line not in ("show", "hint", "solution"):  # the kit's own text, which the terminal wraps
        own = [
            text for text in output.splitlines() if not re.match(r"    \S*(nox|python|read|write|grade|hint) ", text)
        ]
        assert max(map(len, own)) <= 40, output


def test_statuses_have_words() -> None:
    """No two states share a sign and a word."""
    from grader.report.words import sign, status_word

    for ascii_only in (False, True):
        assert len({(sign(status, ascii_only=ascii_only), status_word(status)) for status in Status}) == len(Status)
