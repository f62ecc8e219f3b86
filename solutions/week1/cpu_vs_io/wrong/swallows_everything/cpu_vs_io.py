import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    kind: str
    wall_s: float
    cpu_s: float


def cpu_seconds():
    return time.perf_counter()


def profile(task, *, wall=time.perf_counter, cpu=cpu_seconds):
    start = time.perf_counter()
    try:
        task()
    except BaseException:
        pass
    return Profile("mixed", time.perf_counter() - start, 0.0)


def speedup(task, n, executor, *, wall=time.perf_counter):
    try:
        for _ in range(n):
            task()
    except Exception:
        pass
    return 1.0


def choose_executor(profile):
    return type(profile)


def explain(profile):
    return str(profile)
