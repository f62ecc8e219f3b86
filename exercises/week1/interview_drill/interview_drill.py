"""Fourteen answers. The questions are in README.md: predict first, run afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)
Function = TypeVar("Function", bound=Callable[..., Any])
Step = str | None | list["Step"]

# 1. True: two threads can leave behind what one after the other cannot.
GIL: dict[str, bool | None] = {
    "n += 1": None,
    "items.append(1)": None,
    "d['k'] = 1": None,
    "d['k'] += 1": None,
    "items.append(len(items))": None,
    "items.extend([1, 2])": None,
    "x, y = y, x": None,
    "d.setdefault('new', []).append(1)": None,
    "flag = not flag": None,
}

# Predicted output: one str for each line.
REFCOUNTS: list[str] = []  # 2
METACLASSES: list[str] = []  # 3
DICTS: list[str] = []  # 5
IMPORTS: list[str] = []  # 9
FASTAPI: list[str] = []  # 11


class Celsius(float):
    """4. The number `(fahrenheit - 32) / 1.8`."""

    def __init__(self, fahrenheit: float) -> None:
        raise NotImplementedError


class Point:
    """5. Equal coordinates make equal points, which work as keys."""

    def __init__(self, x: Hashable, y: Hashable) -> None:
        raise NotImplementedError


def mro(classes: dict[str, list[str]], name: str) -> list[str]:
    """6. The names of the classes that Python looks through for `name`, in order. TypeError: there is no order."""
    raise NotImplementedError


def loop_order(tasks: list[list[Step]]) -> list[str]:
    """7. What the tasks say, in order."""
    raise NotImplementedError


def counted(fn: Function) -> Function:
    """8. `fn` with an attribute `calls`: the number of calls so far."""
    raise NotImplementedError


def common(left: list[Key], right: list[Key]) -> list[Key]:
    """10. The items of `left` that are in `right`, in the order of `left`."""
    raise NotImplementedError


async def overlap(fn: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """12. `fn(item)` for each item, all at the same time, while the event loop goes on."""
    raise NotImplementedError


def workers(every_ms: int, takes_ms: int) -> int:
    """13. The smallest number of workers with which no request waits."""
    raise NotImplementedError


def find_users(db: sqlite3.Connection, name: str) -> list[int]:
    """14. The ids of the users with exactly this name, ascending."""
    raise NotImplementedError
