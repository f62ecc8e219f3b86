import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    kind: str
    wall_s: float
    cpu_s: float


def cpu_seconds():
    return 0.0


def profile(task, *, wall=time.perf_counter, cpu=cpu_seconds):
    return Profile("io", 0.0, 0.0)


def speedup(task, n, executor, *, wall=time.perf_counter):
    return 1.0


def choose_executor(profile):
    return None


def explain(profile):
    return ""
