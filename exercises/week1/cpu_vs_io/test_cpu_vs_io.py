"""Visible examples: `pytest exercises/week1/cpu_vs_io`. Clocks that tasks move, so that no machine is too busy."""

import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from cpu_vs_io import Profile, choose_executor, cpu_seconds, explain, profile, speedup


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("wall_s", "cpu_s", "kind"),
    [(8.0, 1.0, "io"), (8.0, 2.0, "io"), (8.0, 4.0, "mixed"), (8.0, 6.0, "cpu"), (8.0, 15.0, "cpu"), (0.0, 0.0, "cpu")],
)
def test_the_share_of_cpu_time_decides(wall_s: float, cpu_s: float, kind: str) -> None:
    wall, cpu = Clock(), Clock()

    def task() -> None:
        wall.now += wall_s
        cpu.now += cpu_s

    result = profile(task, wall=wall, cpu=cpu)
    assert (result.kind, result.wall_s, result.cpu_s) == (kind, wall_s, cpu_s)


def test_a_sleeper_is_io() -> None:
    result = profile(lambda: time.sleep(0.2))
    assert result.kind == "io"
    assert result.wall_s >= 0.19


def test_computing_uses_the_cpu() -> None:
    before, end = cpu_seconds(), time.process_time() + 0.1
    while time.process_time() < end:
        sum(range(1_000))
    assert cpu_seconds() - before >= 0.05


def test_an_error_of_the_task_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        profile(lambda: 1 / 0)


def test_speedup_compares_here_with_there() -> None:
    clock, calls = Clock(), []

    def task() -> None:
        calls.append(1)
        clock.now += 1.0

    with ThreadPoolExecutor(1) as pool:
        assert speedup(task, 3, pool, wall=clock) == 1.0
        assert len(calls) == 6
        with pytest.raises(ValueError):  # noqa: PT011 - the words are yours
            speedup(task, 0, pool)


def test_the_advice() -> None:
    assert choose_executor(Profile("io", 1.25, 0.004)) is ThreadPoolExecutor
    assert choose_executor(Profile("mixed", 2.0, 1.0)) is ProcessPoolExecutor
    expected = "cpu: 1.900 s of CPU in 1.000 s (190%), use ProcessPoolExecutor"
    assert explain(Profile("cpu", wall_s=1.0, cpu_s=1.9)) == expected
