"""Whole processes and what they cost: wall time, and the CPU time of everything that they started.

The dead of a sealed cell's pid namespace are waited for by nobody, so ``wait4`` does not count them. A control group
does; where none can be made, what ``wait4`` tells has to do, and ``COUNTS_ALL`` is false.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]

#: Ours, but that compiled modules are kept, as on anybody's machine.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Usage:
    """Seconds of wall time and of CPU time, user and system, and the bytes of memory that the largest process took."""

    wall: float
    cpu: float
    peak: int = 0

    def share(self, count: int) -> Usage:
        """What each of ``count`` submissions used of the seconds; no process was the smaller for them."""
        return Usage(self.wall / count, self.cpu / count, self.peak)


class Failed(Exception):
    """A measured program did not do its work, so that its time means nothing."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, folder: str | Path = ROOT) -> Usage:
    """Runs a program in a folder, the project's root if none is named, to its end.

    Raises:
        Failed: its exit status is not 0.
    """
    with _group() as group, tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**ENVIRONMENT, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            preexec_fn=None if group is None else lambda: group.enter(),
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            words = said.read().decode("utf-8", "replace")[-2_000:]
            raise Failed(f"{' '.join(command)} ended with exit status {process.returncode}:\n{words}")
        cpu = used.ru_utime + used.ru_stime if group is None else group.cpu_seconds()
        return Usage(wall, cpu, used.ru_maxrss << 10)


def alternate(times: int, *measure: Callable[[], Usage]) -> list[Usage]:
    """The median usage of each, run in turns ``times`` times after one run each that does not count."""
    for one in measure:
        one()
    rounds = [[one() for one in measure] for _ in range(times)]
    return [
        Usage(median(usage.wall for usage in column), median(usage.cpu for usage in column))
        for column in zip(*rounds, strict=True)
    ]


class _Group:
    """A control group for one process and all that it starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def enter(self) -> None:
        """Takes this process in; run in the child before the program."""
        (self._folder / "cgroup.procs").write_text("0")

    def cpu_seconds(self) -> float:
        stat = dict(line.split() for line in (self._folder / "cpu.stat").read_text().splitlines())
        return int(stat["usage_usec"]) / 1e6

    def remove(self) -> None:
        """Removes the group; those in it that have ended need a moment to be gone, on a busy machine a long one."""
        for _ in range(3_000):
            with contextlib.suppress(OSError):
                return self._folder.rmdir()
            time.sleep(0.01)
        return None


def _own_group() -> Path | None:
    """The control group (version 2) of this process, where groups can be made."""
    with contextlib.suppress(OSError, StopIteration):
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        mount = next(fields[1] for fields in mounts if fields[2] == "cgroup2")
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        own = Path(mount, next(line for line in groups if line.startswith("0::"))[3:].lstrip("/"))
        probe = own / f"onspot-bench-{os.getpid()}"
        probe.mkdir()
        probe.rmdir()
        return own
    return None


_OWN = _own_group()
COUNTS_ALL = _OWN is not None


@contextlib.contextmanager
def _group() -> Iterator[_Group | None]:
    if _OWN is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix=f"onspot-bench-{os.getpid()}-", dir=_OWN))
    group = _Group(folder)
    try:
        yield group
    finally:
        group.remove()
