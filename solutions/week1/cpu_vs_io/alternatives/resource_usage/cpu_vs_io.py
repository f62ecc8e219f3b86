"""getrusage for the CPU, a context manager around the task, map() for the executor."""

import resource
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import NamedTuple

EXECUTORS = {"io": ThreadPoolExecutor, "mixed": ProcessPoolExecutor, "cpu": ProcessPoolExecutor}


class Profile(NamedTuple):
    kind: str
    wall_s: float
    cpu_s: float


def cpu_seconds():
    usages = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Stopwatch:
    def __init__(self, *clocks):
        self.clocks = clocks

    def __enter__(self):
        self.started = [clock() for clock in self.clocks]
        return self

    def __exit__(self, *error):
        self.seconds = [clock() - start for clock, start in zip(self.clocks, self.started)]


def profile(task, *, wall=time.perf_counter, cpu=cpu_seconds):
    with Stopwatch(wall, cpu) as watch:
        task()
    wall_s, cpu_s = watch.seconds
    if 4 * cpu_s >= 3 * wall_s:
        kind = "cpu"
    elif 4 * cpu_s <= wall_s:
        kind = "io"
    else:
        kind = "mixed"
    return Profile(kind, wall_s, cpu_s)


def _call(task):
    task()


def speedup(task, n, executor, *, wall=time.perf_counter):
    if n <= 0:
        raise ValueError("nothing to measure")
    with Stopwatch(wall) as together:
        list(executor.map(_call, [task] * n))
    with Stopwatch(wall) as alone:
        for _ in range(n):
            task()
    return alone.seconds[0] / together.seconds[0]


def choose_executor(profile):
    try:
        return EXECUTORS[profile.kind]
    except KeyError:
        raise ValueError(profile.kind) from None


def explain(profile):
    percent = round(100 * profile.cpu_s / profile.wall_s) if profile.wall_s > 0 else 100
    name = choose_executor(profile).__name__
    return f"{profile.kind}: {profile.cpu_s:.3f} s of CPU in {profile.wall_s:.3f} s ({percent}%), use {name}"
