"""From the disk to values: the kit's exercises, their checks, and what a learner hands in."""

from grader.catalog.catalog import Catalog
from grader.catalog.checks import read_checks
from grader.catalog.manifest import read_exercise, read_wrong_solutions
from grader.catalog.submission import (
    find_submission,
    is_single_file,
    last_worked_on,
    read_submission,
    was_handed_in,
)

__all__ = [
    "Catalog",
    "find_submission",
    "is_single_file",
    "last_worked_on",
    "read_checks",
    "read_exercise",
    "read_submission",
    "read_wrong_solutions",
    "was_handed_in",
]
