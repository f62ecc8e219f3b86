"""The words of a suite: a check's mark, an expected exception, the fields of a result."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from grader.cell.deaths import SubmissionError
from grader.model import Check

Function = TypeVar("Function", bound=Callable[..., Any])

ATTRIBUTE = "onspot_check"


def check(
    title: str,
    *,
    points: int,
    stage: str,
    hint: str,
    needs: tuple[str, ...] = (),
    milestone: str = "",
    ahead: bool = False,
) -> Callable[[Function], Function]:
    """Marks a test function of a suite as a check. Every argument is a literal, so that it can be read unrun.

    ``title`` is the line that the learner reads, ``stage`` is core, robust or production, ``hint`` is a question that
    leads on, ``needs`` names what a level may lack (``processes``), ``milestone`` groups a project's checks.
    ``ahead=True`` says that whoever reads all the check's calls in advance learns nothing of a right answer, as when
    ``put`` and ``get`` are drawn at random, and not as when ``decode`` is given what ``encode`` should have returned.
    A submission that is asked what others have answered is then told many calls at a time, which is faster.
    """

    def mark(function: Function) -> Function:
        mark_of_function = Check(function.__name__, title, points, stage, hint, needs, milestone, ahead)
        setattr(function, ATTRIBUTE, mark_of_function)
        return function

    return mark


class raises:  # noqa: N801 - reads as a statement, like pytest.raises
    """``with raises(ValueError, match="capacity") as caught:`` expects an exception of the submission.

    ``expected`` is a builtin class, or the name of any class that the exception has in its ancestry. ``match`` is a
    regular expression searched for in the message. Afterwards ``caught.error`` is the ``SubmissionError``.
    """

    error: SubmissionError

    def __init__(self, expected: type[Exception] | str, *, match: str = "") -> None:
        self._name = expected if isinstance(expected, str) else expected.__name__
        self._match = match

    def __enter__(self) -> raises:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            raise AssertionError(f"expected {self._name}, but nothing was raised")
        if not isinstance(error, SubmissionError):
            return False
        if self._name not in error.names:
            raise AssertionError(f"expected {self._name}, got {error.line}") from error
        if self._match and not re.search(self._match, error.message):
            wanted = f"a {self._name} whose message matches {self._match!r}"
            raise AssertionError(f"expected {wanted}, got {error.line}") from error
        self.error = error
        return True


def fields(thing: Any, *names: str) -> tuple[Any, ...]:
    """The attributes ``names`` of a result, whatever kind of object it is."""
    return tuple(getattr(thing, name) for name in names)
