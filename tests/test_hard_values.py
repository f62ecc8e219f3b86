"""Answers that are hard to show: the check has its verdict all the same, and so have those that follow."""

from __future__ import annotations

import pytest

from grader.model import Verdict
from tests.toy_suites import Suites, verdicts

SUBMISSION = """
import datetime
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction

Pair = namedtuple("Pair", "left right")

def large(): return 10 ** 5000
def fraction(): return Fraction(10 ** 5000, 3)
def record(): return Pair(10 ** 5000, 2)
def keys(): return {Pair(1, 10 ** 5000): 1}
def long(): return Decimal("1" * 9000)
def unordered(): return {frozenset({(1, "a"), ("a", 1)}), 1, "x"}
def nested(): return [[[[[[[1] * 50] * 5] * 5] * 5] * 5] * 5]
def surrogate(): return "\\ud800"
def fail_with_surrogate(): raise ValueError("\\ud800")
def fail_with_large(): raise KeyError(10 ** 5000)
def say(): print("\\ud800")
"""

#: A function's answer, compared with 1 -> how the message goes on behind "expected 1, got ".
SHOWN = {
    "large": "<int of 16,610 bits>",
    "long": "Decimal('111",
    "unordered": "{'x', 1, frozenset({('a', 1), (1, 'a')})}",
    "nested": "[[[[[[...]",
    "surrogate": "'\\ud800'",
}


def test_what_is_shown(suites: Suites) -> None:
    """Each within some 160 characters."""
    checks = [f"@check(10)\ndef test_{name}(subject): assert subject.{name}() == 1\n" for name in SHOWN]
    report = suites.grade("\n".join(checks), SUBMISSION)
    for result, beginning in zip(report.checks, SHOWN.values(), strict=True):
        assert result.verdict is Verdict.FAILED
        assert result.message.startswith(f"expected 1, got {beginning}")
        assert len(result.message) < 200


@pytest.mark.parametrize(
    "line",
    [
        "assert subject.fraction() == 1",
        "assert subject.record() == 1",
        "assert subject.keys() == 1",
        "assert {1: 1}[subject.large()] == 1",
        "assert subject.surrogate() == 1, f'got {subject.surrogate()}'",
    ],
)
def test_what_cannot_be_shown(suites: Suites, line: str) -> None:
    """A wrong answer is a wrong answer, and the next check is graded: else one would hide behind the other."""
    suite = f"@check(10)\ndef test_a(subject): {line}\n@check(10)\ndef test_b(subject): assert subject.large() == 2"
    report = suites.grade(suite, SUBMISSION, parallel=1)
    assert verdicts(report)["test_a"] in ("failed", "error")
    assert verdicts(report)["test_b"] == "failed"
    assert len(report.checks[0].message) < 200


def test_texts_that_are_no_unicode(suites: Suites) -> None:
    """A message with a lone surrogate is shown with an escape."""
    result = suites.check("@check(10)\ndef test_x(subject): subject.fail_with_surrogate()", SUBMISSION)
    assert result.message.startswith("your code raised ValueError: \\ud800\n")


def test_prints_that_are_no_unicode(suites: Suites) -> None:
    """Printing one is no crime."""
    result = suites.check("@check(10)\ndef test_x(subject): assert subject.say() is None", SUBMISSION)
    assert result.verdict is Verdict.PASSED, result.message


def test_an_exception_whose_text_cannot_be_made(suites: Suites) -> None:
    """It is known by its class."""
    result = suites.check("@check(10)\ndef test_x(subject): subject.fail_with_large()", SUBMISSION)
    assert result.verdict is Verdict.ERROR
    assert result.message.startswith("your code raised KeyError: (its text could not be made)")
