"""How a check's exception becomes a verdict and a message in a learner's words. Never the suite's own source."""

from __future__ import annotations

from typing import Any

from _pytest.outcomes import Failed
from hypothesis.errors import Flaky, FlakyFailure, InvalidArgument, InvalidDefinition

from grader.cell.deaths import CellEnded, CellUnavailable, SubmissionError
from grader.errors import GraderError
from grader.model import Verdict
from grader.suite.misuse import MisuseError
from grader.suite.shortly import shortly

_COMPARED = "comparison"
_REWRITTEN = "assert "  # how pytest's own explanation of a failed assertion starts
_MAX_MESSAGE = 1_000
_CHANGED = "the same calls gave different answers when they were made again"
#: What no answer of a submission can bring about.
_SUITES_OWN = (MisuseError, NameError, ImportError, InvalidArgument, InvalidDefinition)

_EXPECTED = {
    "==": "expected {right}, got {left}",
    "is": "expected {right}, got {left}",
    "!=": "expected anything but {right}",
    "is not": "expected anything but {right}",
    "in": "{left} is not in {right}",
    "not in": "{left} should not be in {right}",
    "<": "expected less than {right}, got {left}",
    "<=": "expected at most {right}, got {left}",
    ">": "expected more than {right}, got {left}",
    ">=": "expected at least {right}, got {left}",
}


class Comparison:
    """The latest comparison that failed in an assertion. pytest's rewritten assertions call it."""

    def __init__(self) -> None:
        self._latest: tuple[str, Any, Any] | None = None

    def __call__(self, operator: str, left: Any, right: Any) -> str:
        self._latest = (operator, left, right)
        return _COMPARED  # short, where pytest would compute a difference of what may be large

    def clear(self) -> None:
        self._latest = None

    @property
    def values(self) -> tuple[Any, Any]:
        """What was compared."""
        return (None, None) if self._latest is None else self._latest[1:]

    def text(self) -> str:
        """``expected 1, got None``, or nothing when no comparison failed."""
        if self._latest is None:
            return ""
        operator, left, right = self._latest
        return _EXPECTED.get(operator, "").format(left=shortly(left), right=shortly(right))


def explain(error: BaseException, comparison: Comparison) -> tuple[Verdict, str]:
    """The verdict that ``error`` stands for, and the message for the learner."""
    if isinstance(error, CellEnded):
        return error.verdict, error.message
    if isinstance(error, SubmissionError):
        verdict = Verdict.MEMORY if error.type_name == "MemoryError" else Verdict.ERROR
        return verdict, f"your code raised {shortly(error.line, 300, quote=False)}\n{error.traceback}".strip()
    if isinstance(error, AssertionError):
        return Verdict.FAILED, _assertion(error, comparison)[:_MAX_MESSAGE]
    if isinstance(error, Failed):
        return Verdict.FAILED, str(error.msg)[:_MAX_MESSAGE]
    if isinstance(error, (CellUnavailable, GraderError)):
        return Verdict.INTERNAL_ERROR, str(error)
    if isinstance(error, _SUITES_OWN):
        return Verdict.INTERNAL_ERROR, f"the suite is at fault: {type(error).__name__}: {error}"[:_MAX_MESSAGE]
    if isinstance(error, FlakyFailure):
        first = explain(error.exceptions[0], comparison)[1]
        return Verdict.FAILED, f"{_CHANGED}; first: {first}"[:_MAX_MESSAGE]
    if isinstance(error, Flaky):
        return Verdict.FAILED, _CHANGED
    return (
        Verdict.ERROR,
        f"the check could not use what your code answered ({type(error).__name__}: {error})"[:_MAX_MESSAGE],
    )


def _assertion(error: AssertionError, comparison: Comparison) -> str:
    text = str(error)
    own, found, _ = text.partition("\n" + _REWRITTEN)
    if found or (text and not text.startswith(_REWRITTEN)):
        return own
    told = comparison.text() if text.startswith(_REWRITTEN + _COMPARED) else ""
    return told or "expected a true value, got a false one"
