"""Live progress on a terminal while a grading runs. No threads, because cells are forked meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from grader.model import CheckResult, Event, EventKind, Exercise, ExerciseReport, Verdict
from grader.report.words import colour, number, sign, status_word

if TYPE_CHECKING:
    from rich.text import Text


class Progress:
    """One line per exercise, with a sign for each check that is done; gone when the grading is.

    Where ``stream`` is no terminal, or ``silent`` is asked for, it does nothing.
    """

    def __init__(
        self, exercises: Sequence[Exercise], stream: TextIO, *, silent: bool = False, ascii_only: bool = False
    ) -> None:
        self._names = [exercise.name for exercise in exercises]
        self._ascii_only = ascii_only
        self._stream = stream
        self._silent = silent or not stream.isatty()
        self._checks: dict[str, list[Verdict]] = {}
        self._reports: dict[str, ExerciseReport] = {}
        #: The exercises whose reports were remembered.
        self.stored: list[str] = []

    def __enter__(self) -> Self:
        if not self._silent:
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self._stream, markup=False, emoji=False, highlight=False)
            self._live = Live(
                console=console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._silent:
            self._live.stop()

    def on_event(self, event: Event) -> None:
        """Take in one step of the grading and draw anew."""
        if event.kind is EventKind.STORED:
            self.stored.append(event.exercise)
        if self._silent:
            return
        checks = self._checks.setdefault(event.exercise, [])
        if event.kind is EventKind.CHECK and isinstance(event.result, CheckResult):
            checks.append(event.result.verdict)
        elif isinstance(event.result, ExerciseReport):
            self._reports[event.exercise] = event.result
        self._draw()

    def _draw(self) -> None:
        from rich.console import Group
        from rich.text import Text

        width = max(map(len, self._names), default=0)
        head = Text(f"{len(self._reports)} of {len(self._names)} exercises graded", "dim")
        rows = [self._row(name, width) for name in self._names if name in self._checks]
        room = max(1, self._live.console.size.height - 2)
        self._live.update(Group(head, *rows[-room:]), refresh=True)

    def _row(self, name: str, width: int) -> Text:
        from rich.text import Text

        row = Text.assemble(f"  {name:{width}}  ", no_wrap=True, overflow="ellipsis")
        for verdict in self._checks[name]:
            row.append(sign(verdict, ascii_only=self._ascii_only), colour(verdict))
        if report := self._reports.get(name):
            row.append(f"  {status_word(report.status)}, {number(report.score)}", colour(report.status))
        return row
