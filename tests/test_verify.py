"""Proving an exercise: each fault planted in a copy of the skeleton is found, by a line that names file and mend."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from grader import feedback, verify, visible
from grader.catalog import Catalog, layout
from grader.constants import CONSTANTS
from grader.feedback import Feedback
from grader.kept_texts import kept_text
from grader.model import Check, CheckResult, Exercise, Submission, Verdict, WrongSolution
from grader.new import create
from grader.repro.steps import Recording, Step
from grader.scoring import score_exercise
from grader.suite.recording import encode
from grader.visible import visible_faults

NAME = "week1/first"
KEPT_TRACEBACK = "500 Traceback (most recent call last)#\ntoy.f()"
WORDS = ("a-Bc_d1", "qwerty", "not_found", "once_only")


class Kit:
    """A small kit whose files a test may change as it likes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.visible = root / "exercises" / NAME
        self.hidden = root / "solutions" / NAME

    def edit(self, path: Path, pattern: str, replacement: str) -> None:
        """Replaces what a regular expression finds, which must be there."""
        text = path.read_text()
        assert re.search(pattern, text, re.DOTALL), f"{pattern} is not in {path}"
        path.write_text(re.sub(pattern, lambda _: replacement, text, count=1, flags=re.DOTALL))

    def faults(self) -> list[str]:
        (proof,) = verify.prove([Catalog.load(self.root).get(NAME)], parallel=2)
        assert proof.unsteady == []
        return proof.faults


def made(folder: Path) -> Kit:
    (folder / "exercises").mkdir(parents=True)
    create(folder, NAME)
    return Kit(folder)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A fresh copy of the skeleton."""
    return made(tmp_path / "kit")


@pytest.fixture
def unrun(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """The same, of which nothing is run: for what can be said by reading."""
    monkeypatch.setattr(verify, "trials_of", lambda *_: [])
    return kit


def only(faults: list[str], *words: str) -> None:
    """Fails unless there is one fault, which holds all the words."""
    assert len(faults) == 1, faults
    assert [word for word in words if word not in faults[0]] == [], faults[0]


class TestReading:
    """Faults that show without a run."""

    def test_the_skeleton_has_none(self, unrun: Kit) -> None:
        """A new exercise starts without a fault."""
        assert unrun.faults() == []

    def test_points(self, unrun: Kit) -> None:
        """The points of a suite sum to 100."""
        unrun.edit(unrun.hidden / "suite.py", "points=15", "points=14")
        unrun.edit(unrun.visible / "README.md", r"sorting \| 15", "sorting | 14")
        only(unrun.faults(), "first/suite.py", "sum to 99", "make them sum to 100")

    def test_a_check_that_nothing_must_fail(self, unrun: Kit) -> None:
        """A check that catches no mistake proves nothing."""
        unrun.edit(unrun.hidden / "wrong.toml", r', "test_any_iterable"\]', "]")
        unrun.edit(unrun.hidden / "wrong.toml", r'    "test_any_iterable",\n', "")
        only(unrun.faults(), "suite.py", "test_any_iterable", "write one, or delete the check")

    def test_few_of_everything(self, unrun: Kit) -> None:
        """At least 8 checks, 6 wrong solutions, 2 alternatives."""
        shutil.rmtree(unrun.hidden / "alternatives" / "fold")
        for name in ("bridges_gaps", "takes_the_last_end", "returns_nothing"):
            shutil.rmtree(unrun.hidden / "wrong" / name)
            unrun.edit(unrun.hidden / "wrong.toml", rf"\[{name}\].*?(?=\n\[|\Z)", "")
        faults = "\n".join(unrun.faults())
        assert "wrong.toml: 5 wrong solutions; write at least 6" in faults
        assert "first: 1 alternatives; write at least 2, built differently" in faults

    @pytest.mark.parametrize(
        ("pattern", "replacement", "words"),
        [
            (
                r"\| core \| overlapping.*?\n",
                "",
                ("README.md", "test_overlapping_intervals_join", "overlapping intervals"),
            ),
            (r"one \| 12", "one | 11", ("README.md", "test_overlapping_intervals_join", "12 points")),
            (
                r"\| core \| over",
                "| robust | over",
                ("README.md", "test_overlapping_intervals_join", "its stage, core"),
            ),
        ],
        ids=["row", "points", "stage"],
    )
    def test_rows_of_the_statement(self, unrun: Kit, pattern: str, replacement: str, words: tuple[str, ...]) -> None:
        """Every check has a row with its title, points and stage."""
        unrun.edit(unrun.visible / "README.md", pattern, replacement)
        only(unrun.faults(), *words)

    def test_marks_of_markdown_do_not_matter(self, unrun: Kit) -> None:
        """A row may set words of a title as code or in bold."""
        unrun.edit(unrun.visible / "README.md", r"\| overlapping intervals", "| **Overlapping** `intervals`")
        assert unrun.faults() == []

    def test_a_statement_that_is_missing(self, unrun: Kit) -> None:
        """Nothing can be handed out without it."""
        (unrun.visible / "README.md").unlink()
        only(unrun.faults(), "README.md: is missing", "write the statement")

    @pytest.mark.parametrize("pattern", [r"## Hint 3.*", "## Hint 2"])
    def test_hints(self, unrun: Kit, pattern: str) -> None:
        """There are exactly three."""
        unrun.edit(unrun.visible / "hints.md", pattern, "")
        only(unrun.faults(), "hints.md", "exactly 3 sections")

    def test_a_wrong_solution_without_a_table(self, unrun: Kit) -> None:
        """And a suite that cannot be read: nothing else is said then."""
        (unrun.hidden / "wrong" / "new").mkdir()
        only(unrun.faults(), "wrong.toml", "wrong/new has no table", "add [new]")

    def test_a_suite_that_cannot_be_read(self, unrun: Kit) -> None:
        """Its line is named."""
        unrun.edit(unrun.hidden / "suite.py", "points=12", "points=TWELVE")
        only(unrun.faults(), "suite.py:", "test_overlapping_intervals_join")

    def test_a_check_that_there_is_not(self, unrun: Kit) -> None:
        """A slip of the pen in wrong.toml would excuse nothing and go unnoticed."""
        unrun.edit(
            unrun.hidden / "wrong.toml", r'may_fail = \["test_any_iterable"\]', 'may_fail = ["test_any_iterabel"]'
        )
        only(unrun.faults(), "wrong.toml", "test_any_iterabel")

    def test_a_stub_that_was_not_kept(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without it nobody can tell what has been written."""
        monkeypatch.setattr(verify, "visible_faults", nothing)
        shutil.rmtree(kit.hidden / "stub")
        (kit.hidden / "suite.py").write_text(
            (kit.hidden / "suite.py").read_text().split('@check("intervals that share')[0]
        )
        assert [fault for fault in kit.faults() if fault.startswith(str(kit.hidden / "stub"))]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Verifies once a kit with many faults; gives the lines that hold a word."""
    kit = made(tmp_path_factory.mktemp("faulty") / "kit")
    wrong, table = kit.hidden / "wrong", kit.hidden / "wrong.toml"
    right, lazy = kit.hidden / "first.py", wrong / "returns_nothing/first.py"
    shutil.copy(right, wrong / "sorts_in_place/first.py")
    shutil.copy(lazy, kit.hidden / "alternatives/fold/first.py")
    (kit.hidden / "alternatives/sweep/first.py").unlink()
    kit.edit(table, r'may_fail = \["test_covers_the_same", "test_argument_is_left_alone"\]', "may_fail = []")
    kit.edit(
        table,
        r'(?<=fails = )\["test_contained_interval_vanishes"\]',
        '["test_contained_interval_vanishes"]\nverdict = "timeout"',
    )
    kit.edit(kit.hidden / "suite.py", r"    assert subject.merge\(\[\(1, 3\), \(3, 5\)\]\) == \[\(1, 5\)\]", CHANCE)
    kit.edit(kit.hidden / "suite.py", r"    few, many = .*?\n\n", "    assert True\n\n\n")
    kit.edit(
        kit.hidden / "suite.py",
        r"    assert subject.merge\(\[\(1, 4\), \(2, 6\)\]\) == \[\(1, 6\)\]\n    assert True",
        "    pass",
    )
    kit.edit(kit.visible / "test_first.py", r"\[\(1, 5\)\]", "[(1, 6)]")
    faults = kit.faults()
    return lambda word: [fault for fault in faults if word in fault]


def nothing(_: Exercise) -> list[str]:
    """No fault of visible tests; a function that another process can import."""
    return []


def fails_at_first(_: Exercise, wrong: Sequence[tuple[Path, Sequence[CheckResult]]]) -> list[str]:
    """Faults of programs that are not there the second time."""
    return [_fails_at_first(folder / "happened") for folder, _ in wrong]


def _fails_at_first(happened: Path) -> str:
    fault = "" if happened.exists() else "no program"
    happened.touch()
    return fault


CHANCE = """    import time
    assert subject.merge([(1, 3), (3, 5)]) == time.monotonic_ns()"""


class TestRunning:
    """Faults that a run shows."""

    def test_a_wrong_solution_that_passes(self, found: Callable[[str], list[str]]) -> None:
        """The check is not sharp enough, or the mistake is none."""
        assert [fault for fault in found("[sorts_in_place]") if "passes test_argument_is_left_alone" in fault]
        assert all("sharpen the check" in fault for fault in found("passes test_a"))

    def test_a_wrong_solution_that_fails_more(self, found: Callable[[str], list[str]]) -> None:
        """Either it is said so, or the check is not fair."""
        (fault,) = found("fails test_argument_is_left_alone too")
        assert "wrong.toml [keeps_touching_apart]" in fault
        assert "say so in fails or may_fail" in fault

    def test_a_wrong_solution_of_another_verdict(self, found: Callable[[str], list[str]]) -> None:
        """Where a verdict was promised."""
        (fault,) = found("not as timeout")
        assert "[takes_the_last_end]: test_contained_interval_vanishes ended as failed" in fault

    def test_an_alternative_that_fails(self, found: Callable[[str], list[str]]) -> None:
        """The solution or the check is to be found."""
        (fault,) = [fault for fault in found("alternatives/fold") if "test_gaps_stay" in fault]
        assert "ended as failed (expected [(1, 2), (4, 5), (8, 9)], got [])" in fault
        assert "mend the solution, or what the check demands" in fault

    def test_an_alternative_without_its_file(self, found: Callable[[str], list[str]]) -> None:
        """It is said which one is missing."""
        assert [fault for fault in found("alternatives/sweep") if "there is no first.py" in fault]

    def test_the_reference_fails(self, found: Callable[[str], list[str]]) -> None:
        """Named by its folder, since it is the file of the exercise's own name."""
        assert [fault for fault in found("test_touching_intervals_join ended as failed") if "alternatives" not in fault]

    def test_a_suite_that_depends_on_time(self, found: Callable[[str], list[str]]) -> None:
        """Two runs with one seed are to give one report."""
        (fault,) = found("two runs with one seed")
        assert "suite.py" in fault
        assert "find what depends on time or chance" in fault

    def test_a_check_that_asks_for_nothing(self, found: Callable[[str], list[str]]) -> None:
        """Stub and empty file earn nothing."""
        assert found("an empty file: earns 15 points at test_cost_grows_like_sorting")
        assert found("stub: earns 15 points at test_cost_grows_like_sorting")

    @pytest.mark.parametrize("words", [constant.words for constant in CONSTANTS])
    def test_a_suite_that_pays_for_constants(self, found: Callable[[str], list[str]], words: str) -> None:
        """One answer to everything earns next to nothing."""
        (fault,) = found(words)
        assert "first/suite.py" in fault
        assert "earns 15 points at test_cost_grows_like_sorting; demand a right answer first" in fault

    def test_visible_tests_that_the_reference_fails(self, found: Callable[[str], list[str]]) -> None:
        """With the end of what pytest said."""
        (fault,) = found("does not pass on the reference")
        assert "test_first.py" in fault
        assert "[(1, 5)] == [(1, 6)]" in fault


class TestVisible:
    """The examples that a learner is given."""

    def test_they_fail_on_the_stub(self, kit: Kit) -> None:
        """Examples that pass before anything is written show nothing."""
        (kit.visible / "test_first.py").write_text("def test_nothing(): pass\n")
        (fault,) = visible_faults(Catalog.load(kit.root).get(NAME))
        assert "test_first.py: does not fail on the stub as tests fail (pytest's exit status 0)" in fault

    def test_they_end(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of tests that do not, it is told where they were."""
        monkeypatch.setattr(visible, "_SECONDS", 12)
        monkeypatch.setattr(visible, "_DUMP_SECONDS", 1)
        tests = kit.visible / "test_first.py"
        tests.write_text(tests.read_text() + HANGS_ON_THE_STUB)
        (fault,) = visible_faults(Catalog.load(kit.root).get(NAME))
        assert "no end within 12 s" in fault
        assert "in test_waits" in fault

    def test_they_are_there(self, kit: Kit) -> None:
        """A few are owed."""
        (kit.visible / "test_first.py").unlink()
        only(visible_faults(Catalog.load(kit.root).get(NAME)), "test_first.py: is missing", "write a few examples")


HANGS_ON_THE_STUB = """

def test_waits():
    import time
    try:
        merge([])
    except NotImplementedError:
        time.sleep(60)
"""


@pytest.fixture
def unsteady(kit: Kit, tmp_path: Path) -> Kit:
    """A kit whose reference fails once, and never again."""
    happened = tmp_path / "happened"
    passes = """    import pathlib
    happened = pathlib.Path(HAPPENED)
    if subject.merge([(1, 3), (3, 5)]) == [(1, 5)] and not happened.exists():
        happened.touch()
        assert False""".replace("HAPPENED", repr(str(happened)))
    shared = r"    assert subject.merge\(\[\(1, 3\), \(3, 5\)\]\) == \[\(1, 5\)\]"
    kit.edit(kit.hidden / "suite.py", shared, "    assert subject.merge([(1, 3), (3, 5)]) == [(1, 5)]\n" + passes)
    return kit


FAILS_ONCE = """

def test_once():
    import pathlib
    happened = pathlib.Path(HAPPENED)
    if not happened.exists():
        happened.touch()
        assert False
"""


class TestVerify:
    """The command's own part."""

    def test_what_happens_once(
        self, unsteady: Kit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another look, alone, decides, at visible tests, too; the first is told, and is a fault with ``--strict``."""
        tests, happened = unsteady.visible / "test_first.py", unsteady.root / "happened"
        tests.write_text(tests.read_text() + FAILS_ONCE.replace("HAPPENED", repr(str(happened))))
        proofs = list(verify.prove(Catalog.load(unsteady.root), parallel=2))
        monkeypatch.setattr(verify, "prove", lambda *_, **__: proofs)
        assert verify.verify([], parallel=2) == 0
        first, *told, last = capsys.readouterr().out.splitlines()
        assert (first, last) == (f"proven  {NAME}", "every exercise is proven")
        told = [line for line in told if "unsteady, not so when run alone" in line]
        for what in ("test_touching_intervals_join ended as failed", "does not pass on the reference"):
            assert len([line for line in told if what in line]) == 1
        assert len(told) <= 3  # it may be said, too, that two runs of the reference differed
        assert verify.verify([], parallel=2, strict=True) == 3

    def test_a_proven_kit(self, kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
        """The skeleton is proven as it is: status 0."""
        assert verify.verify(Catalog.load(kit.root), parallel=2) == 0
        assert capsys.readouterr().out == f"proven  {NAME}\nevery exercise is proven\n"

    def test_a_faulty_kit(self, unrun: Kit, capsys: pytest.CaptureFixture[str]) -> None:
        """Each fault on a line of its own, their number, status 3."""
        (unrun.visible / "hints.md").unlink()
        assert verify.verify(Catalog.load(unrun.root), parallel=2) == 3
        first, fault, last = capsys.readouterr().out.splitlines()
        assert (first, last) == (f"FAULTY  {NAME}", "1 fault found")
        assert fault.startswith("  ")
        assert "hints.md" in fault


class TestFeedback:
    """What learners read of wrong solutions."""

    def judged(self, kit: Kit, *, record: bool) -> tuple[list[str], int]:
        """The faults of the kit, and how many programs show theirs."""
        with closing(Feedback(record=record, parallel=2)) as feedback:
            (proof,) = verify.prove([Catalog.load(kit.root).get(NAME)], parallel=2, feedback=feedback)
            return proof.faults, feedback.repros

    def test_texts_and_programs(self, kit: Kit) -> None:
        """Recorded texts are those that are read again, and each wrong solution has a program that shows its fault."""
        wrong = list((kit.hidden / "wrong").iterdir())
        assert self.judged(kit, record=True) == ([], len(wrong))
        kit.edit(kit.hidden / "messages" / "returns_nothing.txt", "expected", "wanted")
        (kit.hidden / "messages" / "bridges_gaps.txt").unlink()
        faults, repros = self.judged(kit, record=False)
        assert repros == len(wrong)
        assert sorted(fault.split("messages/")[1].partition(";")[0] for fault in faults) == [
            "bridges_gaps.txt: what a learner reads was never reviewed",
            "returns_nothing.txt: what a learner reads is not what was reviewed",
        ]
        assert re.search(r"^ +-.*wanted.*\n +\+.*expected", "\n".join(faults), re.MULTILINE)

    def test_a_program_that_shows_its_fault_once_only(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        """What no program showed is looked for once more, alone; that it was found then is told."""
        monkeypatch.setattr(feedback, "program_faults", fails_at_first)
        with closing(Feedback(record=True, parallel=2)) as judge:
            (proof,) = verify.prove([Catalog.load(kit.root).get(NAME)], parallel=2, feedback=judge)
        assert proof.faults == []
        assert "unsteady, not so when run alone: no program" in "\n".join(proof.unsteady)

    @pytest.mark.parametrize(
        ("message", "measured", "faults"),
        [("3 of 4 ran", True, 0), ("all ran", True, 0), ("none ran", True, 1), ("all ran", False, 1)],
        ids=["known", "known, too", "new", "without a race"],
    )
    def test_one_of_several_messages(self, kit: Kit, *, message: str, measured: bool, faults: int) -> None:
        """Of a race several are reviewed, of which any may come."""
        exercise = Catalog.load(kit.root).get(NAME)
        wrong = WrongSolution("racy", "", ("test_x",), (), None, kit.hidden)
        check = Check("test_x", "", 1, "core", "")
        recording = encode(Recording("toy", [Step("toy.f()", measured=measured)], [], {}, "", "None", "None"))
        result = CheckResult(check, Verdict.FAILED, message, recording=recording)
        (kit.hidden / "messages").mkdir(exist_ok=True)
        layout.messages(exercise, wrong).write_text("[test_x] failed\n# of # ran\nall ran\n")
        report = score_exercise(exercise, Submission("", {}), [result])
        with closing(Feedback(record=False, parallel=1)) as judge:
            assert len(list(judge.text_faults(exercise, wrong, report))) == faults

    @pytest.mark.parametrize(
        ("message", "step", "kept"),
        [
            ("id 28566b11e96e403796ceab7abf2f7e73, 3 of 4", Step("toy.f()", ended=1), "id #, 3 of 4\ntoy.f()"),
            ("token uBrAb81A2iOZLEcWKIp9VY11xAB1", Step("toy.f()", ended=1), "token #\ntoy.f()"),
            ("at 2026-11-21T14:15:54.716083", Step("toy.f()", ended=1), "at #\ntoy.f()"),
            ("500 Traceback (most recent call last): File '/venv/x.py'", Step("toy.f()", ended=1), KEPT_TRACEBACK),
            ("took 0.032775, 0.03277, not 0.8125", Step("toy.f()", ended=1), "took #, #, not 0.8125\ntoy.f()"),
            ("3 of 4", Step("toy.f()", ended=1, measured=True), "# of #"),
            ("3 of 4", Step("driver.f()", ended=1, seen="[3]"), "# of #"),
            ("3 of 4", Step("driver.Users()", ended=1, seen="Text('<Users object>')"), "3 of 4\ntoy.f()"),
            ("3 of 4", Step("await toy.f()", ended=2, is_awaited=True), "# of #"),
        ],
        ids=["id", "token", "moment", "traceback", "seconds", "measured", "driver", "object of the driver", "at once"],
    )
    def test_what_is_kept(self, message: str, step: Step, kept: str) -> None:
        """Nothing that is never twice the same; where threads, costs or chance are at work, no number and no call."""
        recording = Recording("toy", [step], [], {}, message, "None", "None")
        check = Check("test_x", "", 1, "core", "")
        transcript = "toy.f()\n# your code printed:\n#   " + message
        result = CheckResult(check, Verdict.FAILED, message, transcript, recording=encode(recording))
        assert kept_text(result) == f"[test_x] failed\n{kept}\n"

    @pytest.mark.parametrize(("cut", "kept"), [("a-Bc...", "#..."), ("t...", "#..."), ("other...", "other...")])
    def test_words_that_an_answer_made_up_are_not_kept(self, cut: str, kept: str) -> None:
        """Short as they may be; a word of the statement is none, nor is a part of another word."""
        made = [Step("reply['x']", f"word{n}", is_reading=True, word=word) for n, word in enumerate(WORDS)]
        answer = "{'code': 'a-Bc_d1', 'at': '/a-Bc_d1', 'error': 'not_found', 'why': 'not_found', 'fault': 'once_only'}"
        asked = Step("site.exchange('GET', '/')", name="reply", ended=1, seen=answer)
        steps = [asked, *made, Step("site.exchange('GET', '/' + word1)")]
        recording = Recording("toy", steps, [], {}, "", "", "")
        said = f"GET /a-Bc_d1 has qwerty, not_found, once_only, xqwerty and {cut}"
        result = CheckResult(Check("test_x", "", 1, "core", ""), Verdict.FAILED, said, recording=encode(recording))
        text = f"GET /# has #, not_found, once_only, xqwerty and {kept}"
        assert kept_text(result, {"not_found"}) == f"[test_x] failed\n{text}\n"
