"""Who gives the answers of a submission that passed is spared the check, and nobody's report differs by it."""

from __future__ import annotations

import socket
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from grader.catalog import Catalog, layout
from grader.catalog.submission import read_submission
from grader.cell.dialogue import Dialogue, Tape, is_repeated
from grader.cell.levels import Cells, open_cells
from grader.model import CheckResult, Exercise, ExerciseReport, Level, RunOptions, Submission, Verdict
from grader.running import run_jobs
from grader.suite.dialogues import Dialogues
from tests.toy_suites import Suites

OPTIONS = RunOptions(7)
UNSHRUNK = RunOptions(7, shrink=False)  # making examples small takes most of a losing submission's time

#: A property that asks often enough to be worth keeping; ``MARK`` grows whenever the suite itself is at work.
PROPERTY = """
@check(10)
def test_keeps(subject):
    with open({mark!r}, "a") as mark:
        mark.write("x")

    @given(items=st.lists(st.integers(0, 100), max_size=20))
    @settings(max_examples=150)
    def holds(items):
        assert subject.keep(items) == items

    holds()
"""
AHEAD = PROPERTY.replace("@check(10)", "@check(10, ahead=True)")
RIGHT = "def keep(items): return list(items)"
OTHERWISE_RIGHT = "def keep(items):\n    kept = []\n    for item in items: kept.append(item)\n    return kept"
DYING = (
    "import os\ncalls = []\ndef keep(items):\n    calls.append(1)\n    return items if len(calls) < 99 else os._exit(3)"
)
WRONG = "def keep(items): return [item for item in items if item != 93]"
#: Looks for questions that have come before it has answered.
PEEKING = """
import gc

def keep(items):
    channels = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
    return [] if channels[0]._buffer else items
"""

EITHER_WAY = pytest.mark.parametrize("suite", [PROPERTY, AHEAD], ids=["in turn", "ahead"])


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    """The strongest cells of this machine."""
    with closing(open_cells(seed=OPTIONS.seed)) as opened:
        yield opened


class Course:
    """Submissions of one toy exercise, graded one after the other with the same dialogues."""

    def __init__(self, suites: Suites, folder: Path) -> None:
        self._suites = suites
        self._mark = folder / "mark"
        self._mark.touch()
        self.dialogues = Dialogues()

    def check(self, suite: str, submission: str, *, driver: str = "") -> CheckResult:
        """The result of the only check."""
        suite = suite.replace("{mark!r}", repr(str(self._mark)))
        (result,) = self._suites.grade(suite, submission, driver=driver, dialogues=self.dialogues).checks
        return result

    @property
    def runs(self) -> int:
        """How often the suite's own function ran."""
        return len(self._mark.read_text())

    @property
    def kept(self) -> list[str]:
        """Items of which there is a dialogue."""
        return [name for known in self.dialogues._known.values() for name in known]


@pytest.fixture
def course(suites: Suites, tmp_path: Path) -> Course:
    """A course that nobody has handed in to."""
    return Course(suites, tmp_path)


class TestSparing:
    """What is run, and what is not."""

    @EITHER_WAY
    def test_the_same_answers_pass(self, course: Course, suite: str) -> None:
        """The suite runs for the first submission that passes; who answers as that one did has passed, too."""
        assert [course.check(suite, source).verdict for source in (RIGHT, OTHERWISE_RIGHT)] == [Verdict.PASSED] * 2
        assert (course.runs, course.kept) == (1, ["test_keeps"])

    @EITHER_WAY
    def test_a_loss_is_told_as_ever(self, course: Course, suites: Suites, tmp_path: Path, suite: str) -> None:
        """A wrong answer leads to the whole check: message, transcript and example are those without dialogues."""
        course.check(suite, RIGHT)
        lost = course.check(suite, WRONG)
        alone = Course(suites, tmp_path).check(suite, WRONG)
        assert lost.transcript.splitlines()[1] == "keep([93])  # -> []"
        assert (lost.verdict, lost.message, lost.transcript) == (alone.verdict, alone.message, alone.transcript)
        assert course.check(suite, RIGHT).verdict is Verdict.PASSED

    def test_what_comes_later(self, course: Course) -> None:
        """A submission can read what it has not been asked yet, where the check says that it may, and only there."""
        for suite, runs in ((PROPERTY, 1), (AHEAD, 3)):
            assert [course.check(suite, source).verdict for source in (RIGHT, PEEKING)] == [Verdict.PASSED] * 2
            assert course.runs == runs

    def test_a_loss_is_not_kept(self, course: Course) -> None:
        """Only who has passed shows how."""
        course.check(PROPERTY, WRONG)
        assert course.kept == []

    @EITHER_WAY
    @pytest.mark.parametrize(
        ("source", "verdict"),
        [
            (DYING, Verdict.CRASHED),
            ("raise RuntimeError('no')", Verdict.ERROR),
            ("def keep(items):\n    print(items)\n    return items", Verdict.PASSED),
            ("def keep(items): return tuple(items)", Verdict.FAILED),
        ],
    )
    def test_what_differs_is_run(self, course: Course, suite: str, source: str, verdict: Verdict) -> None:
        """Deaths, exceptions, words printed and answers of another type get what the suite says about them."""
        course.check(suite, RIGHT)
        runs = course.runs
        assert course.check(suite, source).verdict is verdict
        assert course.runs > runs

    def test_a_changed_suite_begins_anew(self, course: Course) -> None:
        """A dialogue belongs to a suite's text, a seed and the options."""
        course.check(PROPERTY, RIGHT)
        stricter = PROPERTY.replace("== items", "== items and 93 not in items")
        assert course.check(stricter, RIGHT).verdict is Verdict.FAILED

    @pytest.mark.parametrize(
        ("body", "driver"),
        [
            ("[driver.twice(n) for n in range(20)]", "def twice(n): return 2 * n"),
            ("[subject.keep([n]) for n in range(200)]; cell.cpu(lambda: None)", ""),
            ("[subject.keep([n]) for n in range(200)]; cell.restart(); subject.keep([1])", ""),
            ("[subject.call(lambda: n) for n in range(200)]", ""),
            ("[raises(ValueError).__exit__(*failing(subject)) for n in range(200)]", ""),
            ("services.http({}); [subject.keep([n]) for n in range(200)]", ""),
            ("virtual_time.advance(1); [subject.keep([n]) for n in range(200)]", ""),
        ],
        ids=["driver", "cpu", "restart", "callback", "exceptions", "service", "virtual time"],
    )
    def test_what_is_never_kept(self, course: Course, body: str, driver: str) -> None:
        """Short talks with a driver, and checks that see more of a cell than its answers."""
        used = [name for name in ("cell", "driver", "services", "virtual_time") if name in body]
        suite = f"""
        def failing(subject):
            try:
                subject.fail()
            except ValueError as error:
                return ValueError, error, None

        @check(10)
        def test_it({", ".join(["subject", *used])}):
            {body}
        """
        source = RIGHT + "\ndef call(function): return function()\ndef fail(): raise ValueError"
        result = course.check(textwrap.dedent(suite), source, driver=driver)
        assert (result.verdict, result.message, course.kept) == (Verdict.PASSED, "", [])

    def test_an_awaited_answer_is_never_kept(self, course: Course) -> None:
        """What runs at once may come in any order."""
        suite = """
        @check(10)
        async def test_it(subject):
            for number in range(200):
                assert await subject.double(number) == 2 * number
        """
        assert course.check(suite, "async def double(number): return 2 * number").verdict is Verdict.PASSED
        assert course.kept == []


class TestDialogue:
    """The words of a dialogue."""

    ANSWERS = (b"one", b"two")

    @pytest.mark.parametrize(
        ("says", "repeats"),
        [
            ([b"one", b"two"], True),
            ([b"o", b"ne", b"two"], True),
            ([b"one", b"too"], False),
            ([b"onetwo"], False),
            ([b"one", b"tw"], False),
            ([b"one", b"two!"], False),
            ([], False),
        ],
    )
    def test_every_byte_counts(self, says: list[bytes], repeats: bool) -> None:
        """Too much, too little, an end and another word are no repetition; pieces are."""
        dialogue = Dialogue([(b"?", answer) for answer in self.ANSWERS])
        ours, theirs = socket.socketpair()

        def speak() -> None:
            whole = 0
            for part in says:
                if whole in (0, len(self.ANSWERS[0])):  # only when asked
                    theirs.recv(1)
                theirs.sendall(part)
                whole += len(part)
            theirs.close()

        speaker = threading.Thread(target=speak)
        speaker.start()
        with ours:
            assert is_repeated(dialogue, ours, 60.0) == repeats
        speaker.join()

    def test_nothing_is_asked_ahead(self) -> None:
        """A question may tell the answer to the one before, so it waits for that answer."""
        ours, theirs = socket.socketpair()
        ours.settimeout(0.01)
        with ours, theirs:
            assert not is_repeated(Dialogue([(b"first", b"yes"), (b"second", b"no")]), ours, 60.0)
            assert theirs.recv(100) == b"first"

    def test_a_dialogue_has_an_end(self) -> None:
        """All answers together have so many seconds."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(b"yes")
            assert not is_repeated(Dialogue([(b"?", b"yes")]), ours, -1.0)

    def test_long_dialogues_are_not_kept(self) -> None:
        """A tape is bounded, so that what is kept is."""
        tape = Tape()
        for number in range(200):
            tape.asks(["call", number, "get", []], b"x" * (1 << 15))
            tape.answers(["ok", number, None], b"y")
        assert tape.dialogue is None


def solutions(exercise: Exercise, wrong: str) -> list[Submission]:
    """The reference twice, an alternative and a wrong solution."""
    folders = [exercise.hidden, exercise.hidden, layout.alternatives(exercise)[0], exercise.hidden / "wrong" / wrong]
    return [read_submission(exercise, folder) for folder in folders]


def told(report: ExerciseReport) -> list[tuple[str, Verdict, str]]:
    """What a report says of each check, but for CPU times, which no two runs have in common."""
    texts = [f"{result.message}\n{result.transcript}" for result in report.checks]
    return [
        (result.check.id, result.verdict, "" if "of CPU time" in text else text)
        for result, text in zip(report.checks, texts, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "wrong"), [("week2/lru_cache", "read_does_not_refresh"), ("week2/rate_limiter", "hoards_tokens")]
)
def test_reports_are_the_same(cells: Cells, name: str, wrong: str) -> None:
    """Right and wrong solutions of the kit get the reports, word for word, that they get when every check is run."""
    exercise = Catalog.load().get(name)
    jobs = [(exercise, submission) for submission in solutions(exercise, wrong)]

    def reports(dialogues: Dialogues | None) -> list[list[tuple[str, Verdict, str]]]:
        found = dict(run_jobs(jobs if dialogues is not None else jobs[1:], cells, UNSHRUNK, 2, dialogues=dialogues))
        return [told(found[number]) for number in sorted(found)]

    dialogues = Dialogues()
    first, *others = reports(dialogues)
    assert others == reports(None)
    assert first == others[0]
    assert dialogues.of(exercise, UNSHRUNK, cells.isolation.level)


def test_dialogues_do_not_mix(cells: Cells) -> None:
    """Another seed, level or option has dialogues of its own."""
    exercise = Catalog.load().get("week2/lru_cache")
    dialogues = Dialogues()
    known = dialogues.of(exercise, OPTIONS, Level.SEALED)
    assert dialogues.of(exercise, RunOptions(7), Level.SEALED) is known
    for other in ((RunOptions(8), Level.SEALED), (RunOptions(7, 1.0), Level.SEALED), (OPTIONS, Level.GUARDED)):
        assert dialogues.of(exercise, *other) is not known
