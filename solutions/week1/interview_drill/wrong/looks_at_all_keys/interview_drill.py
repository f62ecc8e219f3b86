"""Fourteen answers, each of which the interpreter can be asked about."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)
Function = TypeVar("Function", bound=Callable[..., Any])
Step = str | None | list["Step"]

# 1. What reads a value, and writes in a later bytecode what it made of it, can be overtaken in between.
GIL: dict[str, bool | None] = {
    "n += 1": True,
    "items.append(1)": False,
    "d['k'] = 1": False,
    "d['k'] += 1": True,
    "items.append(len(items))": True,
    "items.extend([1, 2])": False,
    "x, y = y, x": True,
    "d.setdefault('new', []).append(1)": False,
    "flag = not flag": True,
}

# 2. The last reference counts: of a name, a list, a frame that a traceback keeps. A cycle waits for the collector.
REFCOUNTS = ["1 in a list", "2 in a frame", "3 under two names", "4 in a cycle"]

# 3. The body runs in what __prepare__ returned; fields and subclass hooks are served by type.__new__.
METACLASSES = [
    "prepare Base",
    "meta new Base",
    "meta init Base",
    "prepare Child",
    "body",
    "meta new Child",
    "set name field",
    "init subclass Child",
    "meta init Child",
    "meta call Child",
    "new",
    "init",
    "meta call Child",
    "new",
    "init",
    "Meta Child",
]

# 5. A key is found by its hash as it was when it went in, then by identity or equality; the first key stays.
DICTS = ["{1: 'float'}", "True 2", "1 2", "['b', 'c', 'a']", "True False True", "RuntimeError 2"]

# 9. A module runs once, is known before it is finished, and `from` binds the value of that moment.
IMPORTS = [
    "shop is shop",
    "stock is stock",
    "shop has a price: False",
    "1 5 5 10",
    "stock is stock",
    "shop has a price: True",
    "False 1 5",
]

# 11. Hints are parsed and checked before the function is called; the first route that fits is taken.
FASTAPI = [
    "200 [7, 10]",
    "200 [7, 3]",
    "422 ",
    "422 ",
    "404 ",
    "422 ",
    "201 1.5",
    "422 ",
    "422 ",
    "405",
    "True",
    "False",
]


class Celsius(float):
    """4. A float cannot be changed once it is made, so its value is decided where it is made."""

    def __new__(cls, fahrenheit: float) -> Celsius:
        return super().__new__(cls, (fahrenheit - 32) / 1.8)


@dataclass(frozen=True)
class Point:
    """5. Equality and hash from the same two values."""

    x: Hashable
    y: Hashable


def mro(classes: dict[str, list[str]], name: str) -> list[str]:
    """6. C3: the head of the first list that is in no other list's tail comes next."""
    bases = classes[name]
    lists = [*(mro(classes, base) for base in bases), bases or ["object"]]
    order = [name]
    while lists := [rest for rest in lists if rest]:
        for candidate, *_ in lists:
            if not any(candidate in tail for _, *tail in lists):
                break
        else:
            raise TypeError(f"the bases of {name} contradict one another")
        order.append(candidate)
        lists = [[each for each in rest if each != candidate] for rest in lists]
    return order


def loop_order(tasks: list[list[Step]]) -> list[str]:
    """7. Ready tasks wait in a queue. Only what really suspends goes to its end; awaiting a coroutine does not."""
    ready = deque(_flat(task) for task in tasks)
    said = []
    while ready:
        task = ready.popleft()
        for step in task:
            if step is None:
                ready.append(task)
                break
            said.append(step)
    return said


def _flat(steps: list[Step]) -> Iterator[str | None]:
    for step in steps:
        if isinstance(step, list):
            yield from _flat(step)
        else:
            yield step


def counted(fn: Function) -> Function:
    """8. A plain function, so that it becomes a method in a class."""

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        wrapper.calls += 1  # type: ignore[attr-defined]
        return fn(*args, **kwargs)

    wrapper.calls = 0  # type: ignore[attr-defined]
    return wrapper  # type: ignore[return-value]


def common(left: list[Key], right: list[Key]) -> list[Key]:
    """10. A set is asked once for each item; a list is searched."""
    wanted = set(right)
    return [item for item in left if item in wanted]


async def overlap(fn: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """12. Blocking calls belong in threads; the loop only waits for them."""
    return await asyncio.gather(*(asyncio.to_thread(fn, item) for item in items))


def workers(every_ms: int, takes_ms: int) -> int:
    """13. Little's law: requests at work = rate * time, rounded up."""
    return -(-takes_ms // every_ms)


def find_users(db: sqlite3.Connection, name: str) -> list[int]:
    """14. The statement is fixed and the name is sent beside it, so it is never read as SQL."""
    return [row[0] for row in db.execute("SELECT id FROM users WHERE name = ? ORDER BY id", (name,))]
