"""Visible examples: `pytest exercises/week1/pools`. Functions for processes stand at the top."""

import os
import threading
from itertools import count

import pytest
from pools import PoolError, run_auto, run_processes, run_threads


def square(number: int) -> int:
    return number * number


def inverse(number: int) -> float:
    return 1 / number


def process_of(_: int) -> int:
    return os.getpid()


def test_results_come_in_input_order() -> None:
    assert run_threads(square, [3, 1, 2], workers=2) == [9, 1, 4]
    assert run_processes(square, [3, 1, 2], workers=2) == [9, 1, 4]


def test_threads_run_at_the_same_moment() -> None:
    together = threading.Barrier(3)
    threads = run_threads(lambda _: (together.wait(timeout=5), threading.get_ident())[1], range(3), workers=3)
    assert len({*threads, threading.get_ident()}) == 4


def test_processes_are_other_processes() -> None:
    assert os.getpid() not in run_processes(process_of, range(4), workers=2)


def test_a_failure_names_its_item_and_its_cause() -> None:
    for run in (run_threads, run_processes):
        with pytest.raises(PoolError) as caught:
            run(inverse, [2, 1, 0, 4], workers=2)
        assert caught.value.item == 0
        assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_endless_iterator_is_safe_with_a_limit() -> None:
    numbers = count()
    assert run_threads(square, numbers, workers=2, limit=4) == [0, 1, 4, 9]
    assert next(numbers) == 4, "exactly four numbers were drawn"


def test_the_kind_of_work_picks_the_pool() -> None:
    assert set(run_auto(process_of, range(3), kind="io", workers=2)) == {os.getpid()}
    assert os.getpid() not in run_auto(process_of, range(3), kind="cpu", workers=2)
    with pytest.raises(ValueError):  # noqa: PT011 - the message is yours
        run_auto(square, [1], kind="gpu", workers=2)


def test_a_function_that_cannot_be_pickled_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="<lambda>"):
        run_processes(lambda number: number, [1], workers=2)


def test_no_thread_survives_a_failure() -> None:
    before = set(threading.enumerate())
    with pytest.raises(PoolError):
        run_threads(inverse, [1, 0, 2], workers=2)
    assert set(threading.enumerate()) == before
