"""Is a task bound by the CPU or by waiting? Measure it, and choose the executor. The contract is in README.md."""

import resource
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
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


class _Here(Executor):
    """An executor that calls at once, on the thread that submits, and lets errors out where they happen."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def cpu_seconds() -> float:
    """CPU time used so far: user and system, all threads of this process, children that were waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def profile(task: Callable[[], object], *, wall: Clock = time.perf_counter, cpu: Clock = cpu_seconds) -> Profile:
    """Call `task` once, here, and say what it has cost by the two clocks. What it raises comes out."""
    wall_start, cpu_start = wall(), cpu()
    task()
    cpu_end, wall_end = cpu(), wall()
    wall_s, cpu_s = wall_end - wall_start, cpu_end - cpu_start
    share = _share(wall_s, cpu_s)
    kind: Literal["cpu", "io", "mixed"] = "io" if share <= 0.25 else "cpu" if share >= 0.75 else "mixed"
    return Profile(kind, wall_s, cpu_s)


def speedup(task: Callable[[], object], n: int, executor: Executor, *, wall: Clock = time.perf_counter) -> float:
    """Time of `n` calls one after another, here, over the time of `n` calls on the executor.

    Both halves are the same measurement; only the executor differs, and that of the first half is no executor at all.
    What `task` raises comes out. ValueError: `n` below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}, and must be at least 1")
    here_s = _time_on(_Here(), task, n, wall)
    there_s = _time_on(executor, task, n, wall)
    return here_s / there_s


def choose_executor(profile: Profile) -> type[Executor]:
    """The class of executor that makes many such tasks faster. ValueError: an unknown kind."""
    match profile.kind:
        case "io":
            return ThreadPoolExecutor
        case "cpu" | "mixed":
            return ProcessPoolExecutor
    raise ValueError(f"unknown kind {profile.kind!r}")


def explain(profile: Profile) -> str:
    """The profile and the advice in one line."""
    share = _share(profile.wall_s, profile.cpu_s)
    advice = choose_executor(profile).__name__
    return f"{profile.kind}: {profile.cpu_s:.3f} s of CPU in {profile.wall_s:.3f} s ({share:.0%}), use {advice}"


def _share(wall_s: float, cpu_s: float) -> float:
    """How much of the time was computing. What took no time did not wait, so all of it was."""
    return cpu_s / wall_s if wall_s else 1.0


def _time_on(executor: Executor, task: Callable[[], object], n: int, wall: Clock) -> float:
    """From the first submission to the end of the last call. The task is submitted bare, so that it can be pickled."""
    start = wall()
    for future in [executor.submit(task) for _ in range(n)]:
        future.result()
    return wall() - start
