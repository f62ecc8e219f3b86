"""Cells for tests: a fresh one from a few lines of Python, at any level of isolation."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.cell.budget import Budget
from grader.cell.cell import Cell
from grader.cell.contention import Contention
from grader.cell.inside.plan import CellPlan
from grader.cell.launcher import Launcher
from grader.cell.remote import Remote
from grader.model import Level

#: The name that the few lines are imported by.
MODULE = "toy"
#: Seconds for a call that must not come to its end.
SHORT = 0.3


def busy_budget(seconds: float, pid: int = 0) -> Budget:
    """That many seconds, and what this process and the one of that number spend waiting for a processor."""
    contention = Contention()
    return Budget(seconds, lambda: contention.since_last(pid))


class CellMaker:
    """Makes cells at one level and closes them in the end."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        self._cells: list[Cell] = []
        self._shared: dict[str, Any] = {}

    @property
    def level(self) -> Level:
        return self.launcher.level

    def cell(
        self,
        source: str = "",
        *,
        files: dict[str, bytes] | None = None,
        extra: dict[str, int] | None = None,
        call_s: float = 10.0,
        budget_s: float = 60.0,
        **plan: Any,
    ) -> Cell:
        """A cell with ``source`` as its module ``toy``; ``plan`` are fields of ``CellPlan``."""
        own = {f"{MODULE}.py": textwrap.dedent(source).encode(), **(files or {})}
        process = self.launcher.spawn(own, CellPlan("", **plan), extra)
        cell = Cell(process, call_s=call_s, budget=busy_budget(budget_s, process.pid))
        self._cells.append(cell)
        return cell

    def __call__(self, source: str, **options: Any) -> Any:
        """The stand-in of a module with ``source``, in a cell of its own."""
        return self.cell(source, **options).import_module(MODULE)

    def shared(self, source: str) -> Any:
        """The same, with one cell for all calls that give this source."""
        if source not in self._shared:
            self._shared[source] = self(source)
        return self._shared[source]

    def close(self) -> None:
        self._shared.clear()
        while self._cells:
            self._cells.pop().close()


def cell_of(remote: Remote) -> Cell:
    """The cell that a stand-in's object lives in."""
    return remote._cell


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    """Whether ``condition`` becomes true within ``seconds``; the kernel ends processes at its own pace."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def processes_with(mark: str) -> list[int]:
    """The processes of this machine whose command line or name holds ``mark``, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                state = (entry / "stat").read_text()
                words = (entry / "comm").read_text() + (entry / "cmdline").read_text()
            except (OSError, UnicodeDecodeError):
                continue
            if mark in words and state.rpartition(")")[2].split()[0] != "Z":
                found.append(int(entry.name))
    return found
