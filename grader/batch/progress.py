"""How far a batch is, and how long it will still take. No threads, because cells are forked meanwhile."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

_EVERY_S = 0.2  # between two drawings on a terminal
_TENTHS = 10  # lines that are printed where there is no terminal


class BatchProgress:
    """A bar on a terminal, a line for each tenth elsewhere, nothing without a stream."""

    def __init__(self, total: int, stream: TextIO | None) -> None:
        self._total = total
        self._stream = stream
        self._done = 0
        self._graded = 0
        self._began = time.monotonic()
        self._drawn = 0.0
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._stream is not None and self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (TextColumn("graded"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
            self._bar = Progress(*columns, console=Console(file=self._stream), auto_refresh=False, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total, left="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, *, graded: bool) -> None:
        """One more task is done; it was ``graded`` now, or long before."""
        before = self._done * _TENTHS // self._total
        self._done += 1
        self._graded += graded
        if self._bar is not None:
            now = time.monotonic()
            if now - self._drawn >= _EVERY_S:
                self._drawn = now
                self._bar.update(self._task, completed=self._done, left=self._left())
                self._bar.refresh()
        elif self._stream is not None and self._done * _TENTHS // self._total > before:
            said = ", ".join(filter(None, (f"{self._done} of {self._total} graded", self._left())))
            print(said, file=self._stream, flush=True)

    def _left(self) -> str:
        """The time left, if the rest takes as long as what was graded so far."""
        if not self._graded or self._done == self._total:
            return ""
        seconds = (time.monotonic() - self._began) / self._graded * (self._total - self._done)
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} left"
