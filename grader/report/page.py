"""A page for a terminal: lines of styled text, wrapped to its width, with the signs that the terminal knows."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from grader.model import MAX_SCORE, Status, Verdict
from grader.report.text import one_line, plain
from grader.report.words import colour, sign

_INDENT = 4
_BAR_CELLS = 20
_ROOM_FOR_BARS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table: a state, a name, short columns and a remark."""

    state: Status | Verdict
    name: str
    columns: tuple[str, ...]
    remark: str = ""


class Page:
    """Lines of styled text, and the signs that they may use. ``ascii_only`` draws no boxes and no symbols."""

    def __init__(self, width: int, ascii_only: bool) -> None:
        self.width = width
        self.ascii_only = ascii_only
        self.bar = "|" if ascii_only else "\u2502"
        self.lines: list[Text] = []

    def add(self, line: str | Text = "", style: str = "") -> None:
        """Add text of the grader's own, wrapped."""
        if isinstance(line, Text):
            first, *rest = line.wrap(Console(), self.width - 2) if len(line) > self.width else [line]
            for row in (first, *(Text("  ").append(continued) for continued in rest)):
                row.rstrip()
                self.lines.append(row)
            return
        indent = " " * (len(line) - len(line.lstrip()))
        for part in textwrap.wrap(line, self.width, subsequent_indent=indent) or [""]:
            self.lines.append(Text(part, style))

    def add_command(self, command: str, purpose: str = "") -> None:
        """Add a command to copy: never wrapped, so that it can be."""
        self.lines.append(Text.assemble(" " * _INDENT, (purpose, "dim"), command))

    def add_quoted(self, text: str, max_lines: int, style: str = "") -> None:
        """Add a submission's text: made safe, each line behind a bar so that none passes for the grader's."""
        for line in plain(text, max_lines=max_lines).split("\n"):
            for part in textwrap.wrap(line, self.width - _INDENT) or [""]:
                bar = f"{self.bar} " if part else self.bar
                self.lines.append(Text.assemble("  ", (bar, "dim"), (part, style)))

    def add_entries(self, entries: Iterable[Entry], among: Sequence[Entry]) -> None:
        """Add a table's lines, in columns that hold ``among``; one below the other where there is no room."""
        names = max((len(entry.name) for entry in among), default=0)
        widths = [max(map(len, column)) for column in zip(*(entry.columns for entry in among), strict=True)]
        is_narrow = _INDENT + names + sum(width + 2 for width in widths) > self.width
        for entry in entries:
            mark = Text.assemble("  ", (sign(entry.state, ascii_only=self.ascii_only), colour(entry.state)), " ")
            if is_narrow:
                self.add(mark.append(entry.name))
                self.add(" " * _INDENT + ", ".join(text for column in entry.columns if (text := column.strip("- "))))
                continue
            state, *columns = (f"  {text:{width}}" for text, width in zip(entry.columns, widths, strict=True))
            line = mark.append(f"{entry.name:{names}}").append(state, colour(entry.state)).append("".join(columns))
            line.append(f"  {one_line(entry.remark)}", "dim")
            line.rstrip()
            line.truncate(self.width)
            self.add(line)

    def share(self, score: float) -> Text:
        """A bar for a score, where there is room; the number always stands beside it."""
        if self.width < _ROOM_FOR_BARS:
            return Text("")
        filled = int(_BAR_CELLS * score / MAX_SCORE)  # full at the full score only
        full, empty = ("#", ".") if self.ascii_only else ("\u2501", "\u2500")
        return Text.assemble((full * filled, "green"), (empty * (_BAR_CELLS - filled), "dim"), "  ")

    def render(self, coloured: bool) -> str:
        """The page as text, with colours or without."""
        file = io.StringIO()
        console = Console(
            file=file,
            width=self.width,
            force_terminal=coloured,
            no_color=not coloured,
            color_system="standard" if coloured else None,
            legacy_windows=False,
            _environ={},
        )
        for line in self.lines:
            console.print(line, soft_wrap=True, markup=False, emoji=False, highlight=False)
        return file.getvalue()
