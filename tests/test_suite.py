"""What a suite's checks come to: verdicts, messages, scores; what counts against the learner and what does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.cell.launcher import Launcher
from grader.model import Level, Limits, Status, Verdict
from tests.cells import eventually, processes_with
from tests.toy_suites import Suites, verdicts

HONEST = """
import enum, os, time

class Box:
    def __init__(self, size): self.size = size

def double(x): return 2 * x
def wrong(x): return x
def nothing(): return None
def fail(): raise ValueError("capacity must be at least 1")
def hang():
    while True: pass
def leave(): os._exit(0)
def flood(): print("x" * (1 << 21))
def eat(): return len(bytearray(1 << 40))
def box(): return Box(3)
"""


class TestVerdicts:
    """How each kind of end is called."""

    def test_one_of_each(self, suites: Suites) -> None:
        """A check's end costs that check only; the score is of what counts."""
        suites.limits = Limits(call_s=0.5)
        report = suites.grade(
            """
            @check(10)
            def test_passes(subject): assert subject.double(2) == 4
            @check(10)
            def test_fails(subject): assert subject.wrong(2) == 4
            @check(10)
            def test_raises(subject): subject.fail()
            @check(10)
            def test_hangs(subject): subject.hang()
            @check(10)
            def test_leaves(subject): subject.leave()
            @check(10)
            def test_floods(subject): subject.flood()
            @check(10)
            def test_eats(subject): subject.eat()
            @check(10)
            def test_misused(subject): subject.nothing()["key"]
            @check(20)
            def test_after_all(subject): assert subject.double(3) == 6
            """,
            HONEST,
        )  # fmt: skip
        assert verdicts(report) == {
            "test_passes": "passed", "test_fails": "failed", "test_raises": "error", "test_hangs": "timeout",
            "test_leaves": "crashed", "test_floods": "output", "test_eats": "memory", "test_misused": "error",
            "test_after_all": "passed",
        }  # fmt: skip
        assert (report.status, report.score) == (Status.PARTIAL, 30.0)

    def test_checks_do_not_share_a_cell(self, suites: Suites) -> None:
        """What one check does to the submission is not there in the next."""
        report = suites.grade(
            """
            @check(10)
            def test_first(subject): subject.wrong = 5; assert subject.wrong == 5
            @check(10)
            def test_second(subject): assert subject.wrong(5) == 5
            """,
            HONEST,
        )  # fmt: skip
        assert report.score == 100

    def test_a_module_that_cannot_be_imported(self, suites: Suites) -> None:
        """Every check has its error, with the submission's own traceback."""
        report = suites.grade(
            """
            @check(10)
            def test_one(subject): subject.f()
            @check(10)
            def test_two(subject): assert subject.x == 1
            """,
            "x = 1\nimport json\njson.nonsense",
        )  # fmt: skip
        assert verdicts(report) == {"test_one": "error", "test_two": "error"}
        for result in report.checks:
            assert "your code raised AttributeError: module 'json' has no attribute 'nonsense'" in result.message
            assert 'File "toy.py", line 3' in result.message
            assert "grader" not in result.message

    def test_a_restart_and_what_was_printed(self, suites: Suites) -> None:
        """``cell.restart`` gives a fresh one, ``cell.printed`` what was printed since."""
        result = suites.check(
            """
            @check(10)
            def test_restart(subject, cell):
                subject.x = 2
                subject.say()
                assert cell.printed() == "hello\\n"
                cell.restart()
                assert subject.x == 1
                assert cell.printed() == ""
            """,
            "x = 1\ndef say(): print('hello')",
        )
        assert result.verdict is Verdict.PASSED, result.message

    def test_a_dead_cell_can_be_restarted(self, suites: Suites) -> None:
        """A suite may look at what a crash leaves behind."""
        result = suites.check(
            """
            from grader.cell.deaths import CellEnded
            @check(10)
            def test_dies(subject, cell):
                with pytest.raises(CellEnded): subject.leave()
                cell.restart()
                assert subject.double(1) == 2
            """,
            HONEST,
        )  # fmt: skip
        assert result.verdict is Verdict.PASSED, result.message


MESSAGES = {
    "assert subject.wrong(2) == 4": "expected 4, got 2",
    "assert subject.nothing() == [1, 2]": "expected [1, 2], got None",
    "assert subject.double(2) != 4": "expected anything but 4",
    "assert subject.double('ab') in ['ab']": "'abab' is not in ['ab']",
    "assert 4 not in [subject.double(2)]": "4 should not be in [4]",
    "assert subject.double(5) <= 4": "expected at most 4, got 10",
    "assert subject.double(5) < 4": "expected less than 4, got 10",
    "assert subject.double(1) >= 4": "expected at least 4, got 2",
    "assert subject.double(1) > 4": "expected more than 4, got 2",
    "assert subject.nothing() is not None": "expected anything but None",
    "assert subject.double(2) is None": "expected None, got 4",
    "assert subject.double(0)": "expected a true value, got a false one",
    "assert subject.double(2) == 5, 'the sum is not kept'": "the sum is not kept",
    "assert subject.box() == 3": "expected 3, got <Box object>",
    "assert subject.double('x' * 500) == 1": "expected 1, got 'xxx",
    "raise AssertionError('said outright')": "said outright",
    "with raises(KeyError): subject.fail()": "expected KeyError, got ValueError: capacity must be at least 1",
    "with raises(ValueError): subject.nothing()": "expected ValueError, but nothing was raised",
    "subject.double()": "your code raised TypeError: double() missing 1 required positional argument",
    "subject.triple(1)": "your code raised AttributeError: module 'toy' has no attribute 'triple'",
    "subject.leave()": "the process ended (exit code 0)",
    "subject.nothing().x": "the check could not use what your code answered",
}


class TestMessages:
    """What the learner reads."""

    def test_each_says_what_happened(self, suites: Suites) -> None:
        """Expected and got, the suite's own words, or the submission's error; never the suite's source."""
        checks = [f"@check(10)\ndef test_{number}(subject):\n    {line}\n" for number, line in enumerate(MESSAGES)]
        report = suites.grade("\n".join(checks), HONEST)
        for (line, beginning), result in zip(MESSAGES.items(), report.checks, strict=True):
            assert result.message.startswith(beginning), (line, result.message)
            assert "assert " not in result.message
            assert len(result.message) <= 1000

    def test_failing_outright(self, suites: Suites) -> None:
        """``pytest.fail`` in a suite is a failure with these words."""
        result = suites.check("@check(10)\ndef test_x(subject): pytest.fail('given up')", HONEST)
        assert (result.verdict, result.message) == (Verdict.FAILED, "given up")

    def test_a_comparison_of_long_ago_is_forgotten(self, suites: Suites) -> None:
        """Only the assertion that failed is told, not one that a suite caught before."""
        result = suites.check(
            """
            @check(10)
            def test_caught(subject):
                with pytest.raises(AssertionError):
                    assert subject.double(1) == 7
                assert subject.nothing()
            """,
            HONEST,
        )
        assert "7" not in result.message


class TestParameters:
    """One check of several cases."""

    def test_all_or_nothing(self, suites: Suites) -> None:
        """It passes when every case passes; the first failure is told."""
        suite = """
            @check(10)
            @pytest.mark.parametrize("x", [0, 1, 5, 7])
            def test_doubles(subject, x): assert subject.double(x) == 2 * x
            """
        assert suites.check(suite, HONEST).verdict is Verdict.PASSED
        result = suites.check(suite, "def double(x): return 2 * x if x < 5 else -x")
        assert (result.verdict, result.message) == (Verdict.FAILED, "expected 10, got -5")


class TestNotGraded:
    """What does not count."""

    NEEDS = """
        @check(60, needs=("processes",))
        def test_forks(subject): assert subject.double(1) == 2
        @check(40)
        def test_doubles(subject): assert subject.double(1) == 3
        """

    def test_a_need_that_the_level_cannot_give(self, suites: Suites) -> None:
        """Neither won nor lost: the score is of the rest."""
        report = suites.grade(self.NEEDS, HONEST, level=Level.GUARDED)
        assert verdicts(report) == {"test_forks": "not_graded", "test_doubles": "failed"}
        assert "needs processes, which level guarded cannot give" in report.message
        assert report.score == 0
        assert suites.grade(self.NEEDS, HONEST, level=Level.BARE).score == 60

    @pytest.mark.parametrize(
        ("suite", "words"),
        [
            ("@check(10)\ndef test_x(no_such_fixture): pass", "no_such_fixture"),
            ("@check(10)\ndef test_x(subject):\n    assert undefined == subject.double(1)", "undefined"),
            ("@check(10)\ndef test_x(subject, services):\n    subject.double(1)\n    services.http({})", "before"),
            ("@check(10)\n@given(x=5)\ndef test_x(subject, x): pass", "SearchStrategy"),
        ],
        ids=["fixture", "name", "misuse", "strategy"],
    )  # fmt: skip
    def test_a_suites_own_fault(self, suites: Suites, suite: str, words: str) -> None:
        """It is the grader's side that erred; the learner loses nothing."""
        report = suites.grade(suite, HONEST)
        assert verdicts(report) == {"test_x": "internal_error"}
        assert words in report.checks[0].message
        assert report.status is Status.NOT_GRADED

    def test_a_suite_that_cannot_be_collected(self, suites: Suites) -> None:
        """Every check of it is the grader's fault."""
        report = suites.grade("@check(10)\ndef test_x(subject): pass\nimport no_such_module", HONEST)
        assert verdicts(report) == {"test_x": "internal_error"}
        assert "no_such_module" in report.checks[0].message

    def test_a_suite_that_ends_its_process(self, suites: Suites) -> None:
        """What was decided before stands."""
        report = suites.grade(
            """
            import os
            @check(10)
            def test_one(subject): assert subject.double(1) == 2
            @check(10)
            def test_two(subject): os._exit(3)
            """,
            HONEST,
            parallel=1,
        )  # fmt: skip
        assert verdicts(report) == {"test_one": "passed", "test_two": "internal_error"}
        assert "exit code 3" in report.checks[1].message

    def test_a_process_that_ends_costs_one_check(self, suites: Suites) -> None:
        """Whoever manages to end it must not keep the checks that follow from being graded."""
        report = suites.grade(
            """
            import os
            @check(10)
            def test_one(subject): os._exit(3)
            @check(10)
            def test_two(subject): assert subject.double(1) == 3
            """,
            HONEST,
            parallel=1,
        )
        assert verdicts(report) == {"test_one": "internal_error", "test_two": "failed"}

    def test_a_process_that_ends_leaves_nothing(self, suites: Suites) -> None:
        """Neither its cell, which does not listen any more, nor its folders."""
        launcher = Launcher(Level.BARE)
        try:
            launcher.wait_until_ready()
            own, mark = Suites(suites.folder, lambda _: launcher), f"kept{os.getpid()}"
            suite = """
            import os, signal
            @check(10)
            def test_one(subject, web):
                signal.signal(signal.SIGALRM, lambda *_: os._exit(3))
                signal.setitimer(signal.ITIMER_REAL, 0.3)
                subject.spin()
            """
            spin = f"import ctypes\ndef spin():\n ctypes.CDLL(None).prctl(15, b'{mark}')\n while True: pass"
            assert verdicts(own.grade(suite, spin)) == {"test_one": "internal_error"}
            assert eventually(lambda: not processes_with(mark))
            assert list(Path(launcher.folder).iterdir())
        finally:
            launcher.close()
        assert not Path(launcher.folder).exists()
