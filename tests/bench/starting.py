"""Starting: the command line up to its first line, and what nox adds to it once its environment is there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.bench.figures import Figure
from tests.bench.processes import ENVIRONMENT, ROOT, Usage, alternate, run


def command_line(times: int) -> list[Figure]:
    """``grader list`` until its first line is there, against a Python that does nothing else."""
    listing, python = alternate(
        times,
        lambda: until_first_line([sys.executable, "-m", "grader", "list"]),
        lambda: until_first_line([sys.executable, "-c", "print()"]),
    )
    name, plainly = "grader list to its first line", "python -c 'print()'"
    return [Figure(name, "wall", listing.wall, python.wall, plainly, limit=1, free=0.15)]


def nox(times: int) -> list[Figure]:
    """``nox -s grade -- --help`` in an environment that is there, against the command alone. Else nothing."""
    python = ROOT / ".nox" / "grade" / "bin" / "python"
    if importlib.util.find_spec("nox") is None or not python.is_file():
        return []
    session, alone = alternate(
        times,
        lambda: run([sys.executable, "-m", "nox", "-s", "grade", "--", "--help"]),
        lambda: run([str(python), "-m", "grader", "grade", "--help"]),
    )
    return [Figure("second nox -s grade -- --help", "wall", session.wall, alone.wall, "without nox")]


def until_first_line(command: Sequence[str]) -> Usage:
    """What a program used until it had printed a line; its CPU time is that of its whole life."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    wall = time.perf_counter() - began
    process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(wall, used.ru_utime + used.ru_stime)
