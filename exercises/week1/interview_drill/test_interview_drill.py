"""Visible examples: `pytest exercises/week1/interview_drill`. They show the form of the answers, not all of them."""

import asyncio
import sqlite3
import threading

import interview_drill
import pytest
from interview_drill import Celsius, Point, common, counted, find_users, loop_order, mro, overlap, workers


def test_every_statement_has_an_answer() -> None:
    assert {type(answer) for answer in interview_drill.GIL.values()} == {bool}


@pytest.mark.parametrize("name", ["REFCOUNTS", "METACLASSES", "DICTS", "IMPORTS", "FASTAPI"])
def test_predictions_are_lines(name: str) -> None:
    lines = getattr(interview_drill, name)
    assert lines
    assert all(isinstance(line, str) and "\n" not in line for line in lines)


def test_celsius_is_a_float() -> None:
    assert isinstance(Celsius(212.0), float)
    assert Celsius(212.0) == 100.0
    assert Celsius(212.0) + 1.0 == 101.0


def test_equal_points_are_one_key() -> None:
    assert {Point(1, 2): "here"}[Point(1, 2)] == "here"
    assert Point(1, 2) != Point(2, 1)


def test_mro_of_a_diamond() -> None:
    diamond = {"A": [], "B": ["A"], "C": ["A"], "D": ["B", "C"]}
    assert mro(diamond, "D") == ["D", "B", "C", "A", "object"]
    with pytest.raises(TypeError):
        mro({"A": [], "B": ["A"], "C": ["A", "B"]}, "C")


def test_tasks_switch_where_they_sleep() -> None:
    assert loop_order([["a", None, "b"], ["c", "d"]]) == ["a", "c", "d", "b"]


def test_counted_counts() -> None:
    @counted
    def double(number: int) -> int:
        """Twice the number."""
        return 2 * number

    assert (double(2), double(number=3)) == (4, 6)
    assert (double.calls, double.__name__, double.__doc__) == (2, "double", "Twice the number.")  # type: ignore[attr-defined]


def test_common_keeps_the_order() -> None:
    assert common([3, 1, 3, 2], [3, 2]) == [3, 3, 2]


def test_blocking_calls_meet() -> None:
    together = threading.Barrier(3)

    def meet(number: int) -> int:
        together.wait(timeout=5)
        return 10 * number

    assert asyncio.run(overlap(meet, [3, 1, 2])) == [30, 10, 20]


def test_workers_at_the_edge() -> None:
    assert (workers(10, 10), workers(10, 11)) == (1, 2)


def test_a_name_is_data() -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
    db.executemany("INSERT INTO users (name) VALUES (?)", [("ann",), ("O'Brien",)])
    assert find_users(db, "O'Brien") == [2]
    assert find_users(db, "' OR '1'='1") == []
    db.close()
