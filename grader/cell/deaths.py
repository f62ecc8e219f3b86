"""What a suite meets when the submission raises, and when its cell ends.

SubmissionError(Exception)      the submission raised; also an instance of the builtin class that it raised
CellEnded(BaseException)        the cell died, hung or spoke nonsense; no ``except Exception`` swallows it
CellUnavailable(Exception)      no cell could be made: the grader's fault, never the learner's
  ZygoteEnded                   the process that cells are forked from has ended
"""

from __future__ import annotations

import builtins
from functools import cache
from typing import TYPE_CHECKING, Any

from grader.model import Verdict

if TYPE_CHECKING:
    from grader.cell.remote import Remote


class CellEnded(BaseException):
    """The cell is gone; ``verdict`` says how, the message says so in a learner's words."""

    def __init__(self, verdict: Verdict, message: str) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.message = message


class CellUnavailable(Exception):
    """No cell could be started."""


class ZygoteEnded(CellUnavailable):
    """The process that cells are forked from has ended: below level sealed a submission may end it."""


class SubmissionError(Exception):
    """An exception that the submission raised. Its other attributes are read from the exception in the cell."""

    type_name: str
    #: Names of its classes, most derived first.
    names: tuple[str, ...]
    message: str
    #: The submission's own frames.
    traceback: str
    #: The name of the class of its ``__cause__``, or None.
    cause: str | None
    remote: Remote

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __str__(self) -> str:
        return self.message

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in SubmissionError.__annotations__:
            raise AttributeError(name)
        return getattr(self.remote, name)

    @property
    def line(self) -> str:
        """``ValueError: capacity must be at least 1``."""
        return f"{self.type_name}: {self.message}" if self.message else self.type_name


def submission_error(
    classes: list[tuple[str, bool]],
    message: str,
    args: list[Any],
    traceback: str,
    remote: Remote,
    cause: str | None,
) -> SubmissionError:
    """The exception for what the cell described; an instance of the nearest builtin ``Exception`` class."""
    builtin = next((name for name, is_builtin in classes if is_builtin and _is_exception(name)), "Exception")
    error = _class_for(builtin)(*args)
    error.type_name = classes[0][0]
    error.names = tuple(name for name, _ in classes)
    error.message = message
    error.traceback = traceback
    error.cause = cause
    error.remote = remote
    return error


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, ExceptionGroup)


@cache
def _class_for(builtin: str) -> type[SubmissionError]:
    base = getattr(builtins, builtin)
    if base is Exception:
        return SubmissionError

    def new(cls: type[SubmissionError], *_args: Any) -> SubmissionError:
        """Without the builtin's own arguments: a forged exception may carry any."""
        error: SubmissionError
        try:
            error = base.__new__(cls)
        except TypeError:  # the builtin adds nothing to the layout of Exception
            error = Exception.__new__(cls)
        return error

    return type(builtin, (SubmissionError, base), {"__new__": new, "__module__": __name__})
