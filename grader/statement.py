"""Whether a statement and its hints say all that they owe the learner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.catalog import layout
from grader.catalog.hints import HINTS, read_hints
from grader.errors import shown
from grader.model import Check, Exercise


def statement_faults(exercise: Exercise, checks: Sequence[Check]) -> Iterator[str]:
    """Checks that the README does not list with their points, and hints that are missing."""
    statement = layout.statement(exercise)
    if not statement.is_file():
        yield f"{shown(statement)}: is missing; write the statement"
        return
    rows = [
        _plain(line) for line in statement.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith("|")
    ]
    for check in checks:
        row = next((row for row in rows if _plain(check.title) in row), None)
        if row is None:
            yield f'{shown(statement)}: no row of "What is graded" has the title of {check.id}: {check.title}'
        elif str(check.points) not in re.findall(r"\d+", row.replace(_plain(check.title), "")):
            yield f"{shown(statement)}: the row of {check.id} does not say its {check.points} points"
        elif check.stage not in row:
            yield f"{shown(statement)}: the row of {check.id} does not say its stage, {check.stage}"
    if [number for number, _ in read_hints(exercise)] != list(range(1, HINTS + 1)):
        yield f"{shown(layout.hints(exercise))}: write exactly {HINTS} sections, headed ## Hint 1 to ## Hint {HINTS}"


def _plain(text: str) -> str:
    """Without Markdown's marks, in one case and with single spaces."""
    return " ".join(re.sub(r"[`*_\\]", "", text).lower().split())
