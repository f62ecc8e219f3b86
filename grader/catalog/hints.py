"""hints.md -> its hints, from the first nudge to nearly the answer."""

from __future__ import annotations

import re

from grader.catalog import layout
from grader.model import Exercise

#: Every exercise has this many.
HINTS = 3
_HEADING = re.compile(r"^## Hint (\d+)\s*$", re.MULTILINE)


def read_hints(exercise: Exercise) -> list[tuple[int, str]]:
    """The hints with their numbers, in the file's order; none where there is no file."""
    path = layout.hints(exercise)
    if not path.is_file():
        return []
    _, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
    return [(int(number), text.strip()) for number, text in zip(parts[::2], parts[1::2], strict=True)]
