"""A control group for each cell that may have children, where this machine lets us make groups.

The kernel then holds the whole cell to one limit of memory and of processes, whatever it forks or shares. Version 2 is
what systems have today; version 1 is used where the two controllers are still there.
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import time

_ENDING_S = 2.0
_TASKS = 128
_MOUNTED = "/sys/fs/cgroup"


class Group:
    """Limits that hold for all processes of one cell together."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders

    def add(self, pid: int) -> None:
        """Puts a process, and all that it will start, under the limits."""
        for folder in self._folders:
            _write(folder, "cgroup.procs", pid)

    def out_of_memory(self) -> bool:
        """Whether the kernel has ended a process of it for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            words = _read(f"{self._folders[0]}/{name}").split()
            if "oom_kill" in words:
                return words[words.index("oom_kill") + 1] != "0"
        return False

    def kill(self) -> None:
        """Ends all its processes at once, where the kernel can."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                _write(folder, "cgroup.kill", 1)


class Groups:
    """Makes groups below ``parents``: one folder, or with version 1 one for memory and one for processes."""

    def __init__(self, parents: list[str]) -> None:
        self._parents = parents
        self._mark = f"onspot-{os.getpid()}-{next(_numbers)}"
        self._made = itertools.count()
        self._sweep_after_the_dead()

    def make(self, memory: int) -> Group:
        """A group with at most ``memory`` bytes. Raises ``OSError``."""
        self.sweep(f"{self._mark}-{os.getpid()}-*")  # another process's may be new, and empty for that reason
        name = f"{self._mark}-{os.getpid()}-{next(self._made)}"
        folders = [f"{parent}/{name}" for parent in self._parents]
        for folder in folders:
            os.mkdir(folder)
        if len(folders) == 1:
            _write(folders[0], "memory.max", memory)
            _write(folders[0], "memory.oom.group", 1)
            _write(folders[0], "pids.max", _TASKS)
            with contextlib.suppress(OSError):  # a machine without swap has no limit of it
                _write(folders[0], "memory.swap.max", 0)
        else:
            _write(folders[0], "memory.limit_in_bytes", memory)
            _write(folders[1], "pids.max", _TASKS)
        return Group(folders)

    def sweep(self, names: str) -> bool:
        """Removes the groups of these names whose processes have all ended; whether that was all of them."""
        swept = True
        for parent in self._parents:
            for folder in glob.glob(f"{parent}/{names}"):
                try:
                    os.rmdir(folder)
                except OSError:  # not empty yet
                    swept = False
        return swept

    def _sweep_after_the_dead(self) -> None:
        """Removes the groups of graders that were killed before they could."""
        for folder in glob.glob(f"{self._parents[0]}/onspot-*-*-*-*"):
            owner = os.path.basename(folder).split("-")[1]
            if not os.path.exists(f"/proc/{owner}"):
                self.sweep(os.path.basename(folder))

    def close(self) -> None:
        """Removes all groups, as soon as the kernel has ended what was in them."""
        end = time.monotonic() + _ENDING_S
        while not self.sweep(f"{self._mark}-*") and time.monotonic() < end:
            time.sleep(0.01)


_numbers = itertools.count()


def find(mounted: str = _MOUNTED, own: str | None = None) -> Groups | None:
    """Where groups can be made, or None. ``own`` are this process's groups, as ``/proc/self/cgroup`` tells them."""
    lines = (_read("/proc/self/cgroup") if own is None else own).splitlines()
    paths = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
    folder = mounted + paths.get("", "").rstrip("/")
    while folder.startswith(mounted):  # the nearest group that may have children with both controllers
        if {"memory", "pids"} <= set(_read(f"{folder}/cgroup.subtree_control").split()) and os.access(folder, os.W_OK):
            return Groups([folder])
        folder = os.path.dirname(folder)
    parents = [f"{mounted}/{name}{paths.get(name, '')}".rstrip("/") for name in ("memory", "pids")]
    if {"memory", "pids"} <= set(paths) and all(os.access(f"{parent}/cgroup.procs", os.W_OK) for parent in parents):
        return Groups(parents)
    return None


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _write(folder: str, name: str, value: int) -> None:
    with open(f"{folder}/{name}", "w") as file:
        file.write(str(value))
