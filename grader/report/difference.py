"""How the reference differs from a learner's work, file by file, as a unified diff."""

from __future__ import annotations

import difflib

from rich.text import Text

from grader.model import Submission
from grader.report.page import Page
from grader.report.text import plain

_STYLES = {"-": "red", "+": "green", "@": "cyan"}


def add_difference(page: Page, work: Submission, reference: Submission) -> None:
    """Lines with a minus are the learner's, lines with a plus the reference's."""
    for name in dict.fromkeys((*work.files, *reference.files)):
        mine, theirs = (plain(_text(one, name)).split("\n") for one in (work, reference))
        lines = list(difflib.unified_diff(mine, theirs, f"yours/{name}", f"reference/{name}", lineterm=""))
        page.add()
        if not lines:
            page.add(f"{name}: yours is the reference, line by line.")
        for line in lines:
            page.lines.append(Text(line, "bold" if line.startswith(("---", "+++")) else _STYLES.get(line[:1], "")))


def _text(submission: Submission, name: str) -> str:
    return submission.files.get(name, b"").decode("utf-8", "backslashreplace")
