"""Is a task bound by the CPU or by waiting? Two clocks tell: one always runs, the other while we compute."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

Clock = Callable[[], float]

IO_SHARE, CPU_SHARE = 0.25, 0.75


@dataclass(frozen=True)
class Profile:
    """What one run of a task has cost."""

    kind: Literal["cpu", "io", "mixed"]
    wall_s: float
    cpu_s: float


def cpu_seconds() -> float:
    """CPU time used so far: user and system, all threads of this process, children that were waited for."""
    times = os.times()
    return time.process_time() + times.user + times.system + times.children_user + times.children_system


def profile(task: Callable[[], object], *, wall: Clock = time.perf_counter, cpu: Clock = cpu_seconds) -> Profile:
    """Call `task` once, here, and say what it has cost by the two clocks."""
    wall_start, cpu_start = wall(), cpu()
    task()
    cpu_s, wall_s = cpu() - cpu_start, wall() - wall_start
    return Profile(_kind(_share(wall_s, cpu_s)), wall_s, cpu_s)


def speedup(task: Callable[[], object], n: int, executor: Executor, *, wall: Clock = time.perf_counter) -> float:
    """Time of `n` calls one after another, here, over the time of `n` calls on the executor."""
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    start = wall()
    for _ in range(n):
        task()
    middle = wall()
    futures = [executor.submit(task) for _ in range(n)]
    for future in futures:
        future.result()  # raises what the task has raised
    return (middle - start) / (wall() - middle)


def choose_executor(profile: Profile) -> type[Executor]:
    """Threads overlap waiting; they share one interpreter's CPU, so even a part of computing wants processes."""
    if profile.kind == "io":
        return ThreadPoolExecutor
    if profile.kind in ("cpu", "mixed"):
        return ProcessPoolExecutor
    raise ValueError(f"kind must be cpu, io or mixed, not {profile.kind!r}")


def explain(profile: Profile) -> str:
    """The profile and the advice in one line."""
    share = _share(profile.wall_s, profile.cpu_s)
    cost = f"{profile.cpu_s:.3f} s of CPU in {profile.wall_s:.3f} s ({share:.0%})"
    return f"{profile.kind}: {cost}, use {choose_executor(profile).__name__}"


def _share(wall_s: float, cpu_s: float) -> float:
    """How much of the time the CPU was used, above 1 with several cores. Who took no time did not wait."""
    return cpu_s / wall_s if wall_s else 1.0


def _kind(share: float) -> Literal["cpu", "io", "mixed"]:
    if share <= IO_SHARE:
        return "io"
    return "cpu" if share >= CPU_SHARE else "mixed"
