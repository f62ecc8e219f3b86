"""What a cell uses of the machine, its children and theirs counted in, as the kernel tells from outside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

_TICKS = os.sysconf("SC_CLK_TCK")
_OWN = frozenset({"RssAnon", "RssShmem", "VmSwap"})
_SHARED_OUT = frozenset({"Pss_Anon", "Pss_Shmem", "SwapPss"})


def processes(pid: int) -> list[int]:
    """``pid`` and all its living descendants. Cells adopt their orphans, so none is missing."""
    found = [pid] if pid else []
    for process in found:  # which grows meanwhile
        for thread in threads(process):
            found += map(int, _text(f"/proc/{process}/task/{thread}/children").split())
    return found


def threads(pid: int) -> list[int]:
    """The threads of a process."""
    return [int(name) for name in _names(f"/proc/{pid}/task")]


def queued_seconds(pid: int, thread: int) -> float:
    """For how long a thread of process ``pid`` was ready to run and had no processor; 0 when nobody knows."""
    fields = _text(f"/proc/{pid}/task/{thread}/schedstat").split()
    return int(fields[1]) / 1e9 if len(fields) > 1 else 0.0


def memory(pids: Iterable[int], limit: int) -> int:
    """Bytes that belong to these processes: private and shared memory, no files.

    Pages that forks share are counted once, but only if the sum may be above ``limit``: it costs a walk over pages.
    """
    rough = sum(_kilobytes(f"/proc/{pid}/status", _OWN) for pid in pids) << 10
    if rough <= limit:
        return rough
    exact = sum(_kilobytes(f"/proc/{pid}/smaps_rollup", _SHARED_OUT) for pid in pids) << 10
    return exact or rough


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of these processes, and of the children that they have waited for."""
    total = 0
    for pid in pids:
        fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / _TICKS


def disk(folder: str, most: int) -> int:
    """Bytes of the files in ``folder``, counted until they are more than ``most``."""
    total = 0
    for size in _sizes(folder):
        total += size
        if total > most:
            break
    return total


def _sizes(folder: str) -> Iterator[int]:
    for at, folders, files in os.walk(folder):
        yield 4096 * len(folders)
        for name in files:
            try:
                yield max(4096, os.lstat(os.path.join(at, name)).st_size)
            except OSError:
                continue


def deleted(pids: Iterable[int]) -> int:
    """Bytes of files that these processes hold open although they were deleted."""
    total = 0
    for pid in pids:
        for name in _names(f"/proc/{pid}/fd"):
            try:
                found = os.stat(f"/proc/{pid}/fd/{name}")
            except OSError:
                continue
            total += found.st_size if found.st_nlink == 0 else 0
    return total


def _kilobytes(path: str, names: frozenset[str]) -> int:
    total = 0
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        if name in names:
            total += int(value.split()[0])
    return total


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _text(path: str) -> str:
    """The file's text; nothing when the process is gone, or hides it."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
