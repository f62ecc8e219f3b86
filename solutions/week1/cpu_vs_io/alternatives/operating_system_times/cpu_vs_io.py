"""os.times for the CPU; futures as they complete."""

import os
import time
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass


@dataclass
class Profile:
    kind: str
    wall_s: float
    cpu_s: float

    @property
    def percent(self):
        return 100.0 if self.wall_s == 0 else 100 * self.cpu_s / self.wall_s


def cpu_seconds():
    return sum(os.times()[:4])


def profile(task, *, wall=time.perf_counter, cpu=cpu_seconds):
    clocks = cpu, wall
    before = [clock() for clock in clocks]
    try:
        task()
    finally:
        cpu_s, wall_s = (clock() - earlier for clock, earlier in zip(clocks, before))
    result = Profile("mixed", wall_s, cpu_s)
    if result.percent >= 75:
        result.kind = "cpu"
    elif result.percent <= 25:
        result.kind = "io"
    return result


def speedup(task, n, executor, *, wall=time.perf_counter):
    if not n > 0:
        raise ValueError(f"{n} calls take no time")
    alone = 0.0
    for _ in range(n):
        start = wall()
        task()
        alone += wall() - start
    start = wall()
    done, _ = wait([executor.submit(task) for _ in range(n)], return_when=FIRST_EXCEPTION)
    together = wall() - start
    for future in done:
        if error := future.exception():
            raise error
    return alone / together


def choose_executor(profile):
    match profile.kind:
        case "io":
            return ThreadPoolExecutor
        case "cpu" | "mixed":
            return ProcessPoolExecutor
        case other:
            raise ValueError(f"what kind is {other!r}?")


def explain(profile):
    words = [
        f"{profile.kind}:",
        f"{profile.cpu_s:.3f} s of CPU in {profile.wall_s:.3f} s",
        f"({profile.percent:.0f}%), use",
        choose_executor(profile).__name__,
    ]
    return " ".join(words)
