"""Is a task bound by the CPU or by waiting? Measure it, and choose the executor. The contract is in README.md."""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

Clock = Callable[[], float]


@dataclass(frozen=True)
class Profile:
    """What one run of a task has cost (given)."""

    kind: Literal["cpu", "io", "mixed"]
    """What bounds the task, by the share `cpu_s / wall_s`."""

    wall_s: float
    """Seconds that went by."""

    cpu_s: float
    """Seconds of CPU time that were used meanwhile."""


def cpu_seconds() -> float:
    """CPU time used so far: user and system, all threads of this process, children that were waited for."""
    raise NotImplementedError


def profile(task: Callable[[], object], *, wall: Clock = time.perf_counter, cpu: Clock = cpu_seconds) -> Profile:
    """Call `task` once, here, and say what it has cost by the two clocks. What it raises comes out."""
    raise NotImplementedError


def speedup(task: Callable[[], object], n: int, executor: Executor, *, wall: Clock = time.perf_counter) -> float:
    """Time of `n` calls one after another, here, over the time of `n` calls on the executor.

    What `task` raises comes out. ValueError: `n` below 1.
    """
    raise NotImplementedError


def choose_executor(profile: Profile) -> type[Executor]:
    """The class of executor that makes many such tasks faster. ValueError: an unknown kind."""
    raise NotImplementedError


def explain(profile: Profile) -> str:
    """The profile and the advice in one line."""
    raise NotImplementedError
