"""Processes that share the checks of one suite."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from grader.model import Check, ExerciseReport, Verdict
from grader.suite.worker import Checks
from tests.toy_suites import Suites, verdicts

SUBMISSION = """
def double(number):
    return 2 * number if number < 1_000 else 0
"""
SUITE = "\n".join(
    f"""
@check(10)
@given(st.integers(0, {bound}))
def test_{bound}(subject, number):
    assert subject.double(number) == 2 * number
"""
    for bound in (10, 100_000, 20, 200_000, 30, 300_000, 40, 50, 60, 70)
)


def results(report: ExerciseReport) -> list[tuple[str, str, str, str]]:
    """What a report says of each check, but for the time."""
    return [(result.check.id, result.verdict, result.message, result.transcript) for result in report.checks]


@pytest.mark.parametrize("parallel", [2, 5])
def test_more_processes_give_the_same_report(suites: Suites, parallel: int) -> None:
    """Who runs a check, and after which others, changes nothing."""
    alone = suites.grade(SUITE, SUBMISSION, parallel=1)
    assert list(verdicts(alone).values()).count("failed") == 3
    assert results(suites.grade(SUITE, SUBMISSION, parallel=parallel)) == results(alone)


@pytest.mark.parametrize("parallel", [1, 3])
def test_parameters_stay_together(suites: Suites, parallel: int) -> None:
    """All parameters of a check are judged by one process, as one check."""
    suite = """
        @check(50)
        @pytest.mark.parametrize("number", range(20))
        def test_all(subject, number):
            assert subject.double(number) == 2 * number

        @check(50)
        @pytest.mark.parametrize("number", [1, 1_000, 2])
        def test_one_fails(subject, number):
            assert subject.double(number) == 2 * number
    """
    report = suites.grade(suite, SUBMISSION, parallel=parallel)
    assert verdicts(report) == {"test_all": "passed", "test_one_fails": "failed"}


def test_a_process_that_dies_costs_its_check(suites: Suites) -> None:
    """The others judge what is left; the check that nobody decided is the grader's fault."""
    suite = """
        import os

        @check(10)
        def test_dies(subject):
            os.write(2, b"these were my last words")
            os._exit(5)
    """
    suite += "".join(
        f"""
        @check(10)
        def test_{number}(subject):
            assert subject.double({number}) == {2 * number}
    """
        for number in range(9)
    )
    report = suites.grade(suite, SUBMISSION, parallel=2)
    assert verdicts(report) == {"test_dies": "internal_error", **{f"test_{n}": "passed" for n in range(9)}}
    assert "exit code 5" in report.checks[0].message
    assert "these were my last words" in report.checks[0].message


@pytest.mark.parametrize("parallel", [1, 4])
def test_a_suite_that_cannot_be_collected(suites: Suites, parallel: int) -> None:
    """No process can do anything, and no further ones are started for ever."""
    report = suites.grade("raise LookupError('gone')\n" + SUITE, SUBMISSION, parallel=parallel)
    assert {result.verdict for result in report.checks} == {Verdict.INTERNAL_ERROR}
    assert all("gone" in result.message for result in report.checks)


@pytest.mark.parametrize("names", [[], ["one"], ["one", "two", "three"]], ids=len)
def test_each_check_is_taken_once(names: Sequence[str]) -> None:
    """In their order, and then there is nothing left."""
    checks = Checks([Check(name, name, 1, "core", "hint") for name in names])
    assert [checks.take() for _ in range(len(names) + 2)] == [*names, "", ""]
    checks.close()


def test_many_calls_come_first() -> None:
    """Nobody waits at the end for one check that takes long; the report keeps the suite's order."""
    checks = Checks([Check(name, name, 1, "core", "hint", ahead=name in "bd") for name in "abcd"])
    assert checks.take_rest() == ["b", "d", "a", "c"]
    checks.close()
