"""Cells: what a call across costs, what a fresh one costs, and a check that makes thousands of calls."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

from grader.cell.budget import Budget
from grader.cell.cell import Cell
from grader.cell.inside.plan import CellPlan
from grader.cell.launcher import Launcher
from grader.cell.levels import open_cells
from grader.cell.recording import record_nothing
from grader.model import Level
from tests.bench.figures import Figure
from tests.bench.processes import ENVIRONMENT, ROOT, Usage, alternate

_SOURCE = b"class Thing:\n    def answer(self, number):\n        return number\n"
_BATCHES, _CALLS = 20, 200
_MESSAGE = b"x" * 32


def stateful(times: int) -> list[Figure]:
    """100 examples of up to 50 steps on an LRU cache, each step a call or more."""

    def check(where: str) -> Callable[[], Usage]:
        command = [sys.executable, "-m", "tests.bench.stateful", where]
        return lambda: Usage(*json.loads(subprocess.check_output(command, cwd=ROOT, env=ENVIRONMENT, text=True)))

    ours, plain = alternate(times, check("cell"), check("process"))
    name = "stateful check, 100 x 50 steps"
    return [
        Figure(name, "CPU", ours.cpu, plain.cpu, "in process", limit=3, free=1.5),
        Figure(name, "wall", ours.wall, plain.wall, "in process"),
    ]


def calls(times: int) -> list[Figure]:
    """One call, one fresh cell and one zygote, each against the least that a process boundary costs."""
    with contextlib.closing(open_cells()) as cells:
        level, launcher = cells.isolation.level, cells.launcher(())
        with _thing(launcher) as cell, _echo() as echo:
            answer = cell.import_module("thing").Thing().answer
            pairs = [(_each(_CALLS, lambda: answer(1)), _each(_CALLS, echo)) for _ in range(_BATCHES)]
        call, bare = (median(column) for column in zip(*pairs, strict=True))
        starts = [(_each(1, lambda: _start_cell(launcher)), _each(1, _python)) for _ in range(times)]
        zygotes = [(_each(1, lambda: _start_zygote(level)), _each(1, _python)) for _ in range(times)]
    cell_s, python_s = (median(column) for column in zip(*starts, strict=True))
    zygote_s, python_again_s = (median(column) for column in zip(*zygotes, strict=True))
    return [
        Figure(f"call into a {level} cell", "wall", call, bare, "bare socket round trip"),
        Figure(f"fresh {level} cell with its first call", "wall", cell_s, python_s, "python -I -c pass"),
        Figure(f"{level} zygote", "wall", zygote_s, python_again_s, "python -I -c pass"),
    ]


@contextlib.contextmanager
def _thing(launcher: Launcher) -> Iterator[Cell]:
    process = launcher.spawn({"thing.py": _SOURCE}, CellPlan(""))
    cell = Cell(process, call_s=10, budget=Budget(1_000), record=record_nothing)
    try:
        yield cell
    finally:
        cell.close()


@contextlib.contextmanager
def _echo() -> Iterator[Callable[[], object]]:
    """A process that sends back what it is sent, with nothing around it; a function that asks it once."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        while message := theirs.recv(64):
            theirs.send(message)
        os._exit(0)
    theirs.close()
    try:
        yield lambda: (ours.send(_MESSAGE), ours.recv(64))
    finally:
        ours.close()
        os.waitpid(pid, 0)


def _start_cell(launcher: Launcher) -> None:
    with _thing(launcher) as cell:
        cell.import_module("thing").Thing().answer(1)


def _start_zygote(level: Level) -> None:
    with contextlib.closing(Launcher(level)) as launcher:
        launcher.wait_until_ready()


def _python() -> None:
    subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)


def _each(times: int, work: Callable[[], object]) -> float:
    """Seconds of wall time that one of ``times`` calls takes."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times
