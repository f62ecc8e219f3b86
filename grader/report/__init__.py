"""Reports: pure functions of one :class:`grader.model.Report`, one file for each format."""

from __future__ import annotations

from collections.abc import Callable

from grader.model import Report
from grader.report.to_gradescope import to_gradescope
from grader.report.to_html import to_html
from grader.report.to_json import to_json
from grader.report.to_junit import to_junit
from grader.report.to_markdown import to_markdown

#: Formats for files, by the name of the option that asks for them.
FORMATS: dict[str, Callable[[Report], str]] = {
    "json": to_json,
    "junit": to_junit,
    "markdown": to_markdown,
    "html": to_html,
    "gradescope": to_gradescope,
}

__all__ = ["FORMATS", "to_gradescope", "to_html", "to_json", "to_junit", "to_markdown"]
