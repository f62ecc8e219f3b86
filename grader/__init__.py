"""Onspot's grader: the door for programs that grade.

Names are loaded when first used: the sandboxed process imports ``grader.cell.inside``
and must pay for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.catalog import Catalog, find_submission
    from grader.errors import ExerciseError, GraderError, InternalError, UnavailableError, UsageError
    from grader.grading import grade
    from grader.model import Check, CheckResult, Exercise, ExerciseReport, Report, Status, Submission, Verdict

__version__ = "0.1.0"

__all__ = [
    "Catalog",
    "Check",
    "CheckResult",
    "Exercise",
    "ExerciseError",
    "ExerciseReport",
    "GraderError",
    "InternalError",
    "Report",
    "Status",
    "Submission",
    "UnavailableError",
    "UsageError",
    "Verdict",
    "find_submission",
    "grade",
]

_HOMES = {
    "grader.catalog": ("Catalog", "find_submission"),
    "grader.errors": ("ExerciseError", "GraderError", "InternalError", "UnavailableError", "UsageError"),
    "grader.grading": ("grade",),
    "grader.model": (
        "Check",
        "CheckResult",
        "Exercise",
        "ExerciseReport",
        "Report",
        "Status",
        "Submission",
        "Verdict",
    ),
}


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'grader' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
