"""Fourteen answers. The questions are in README.md."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, zip_longest
from typing import Any, NamedTuple, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)
Function = TypeVar("Function", bound=Callable[..., Any])
Step = str | None | list["Step"]

# 1. True: two threads can leave behind what one after the other cannot.
GIL: dict[str, bool | None] = {
    "n += 1": True,  # load, add, store: the other thread's store gets lost
    "items.append(1)": False,
    "d['k'] = 1": False,
    "d['k'] += 1": True,
    "items.append(len(items))": True,  # len first, append later: [0, 0]
    "items.extend([1, 2])": False,
    "x, y = y, x": True,  # both load before either stores: swapped once instead of twice
    "d.setdefault('new', []).append(1)": False,  # two calls, but each is whole and their order does not matter
    "flag = not flag": True,
}

# Predicted output: one str for each line.
REFCOUNTS: list[str] = ["1 in a list", "2 in a frame", "3 under two names", "4 in a cycle"]  # 2
METACLASSES: list[str] = [  # 3
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
DICTS: list[str] = [  # 5
    "{1: 'float'}",
    "True 2",
    "1 2",
    "['b', 'c', 'a']",
    "False False True",
    "RuntimeError 2",
]
IMPORTS: list[str] = [  # 9
    "shop is shop",
    "stock is stock",
    "shop has a price: False",
    "1 5 5 10",
    "stock is stock",
    "shop has a price: True",
    "False 1 5",
]
FASTAPI: list[str] = [  # 11
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
    """4. The number `(fahrenheit - 32) / 1.8`."""

    __slots__ = ()

    def __new__(cls, fahrenheit: float) -> Celsius:
        return super().__new__(cls, (fahrenheit - 32) / 1.8)

    def __reduce__(self) -> tuple[Any, ...]:
        # float's own would hand the result to __new__ again: copies would be converted twice.
        return float.__new__, (type(self), float(self))


class Point(NamedTuple):
    """5. Equal coordinates make equal points, which work as keys: a tuple has both already."""

    x: Hashable
    y: Hashable


def mro(classes: dict[str, list[str]], name: str) -> list[str]:
    """6. The names of the classes that Python looks through for `name`, in order. TypeError: there is no order.

    Python knows its own rule best: the classes are made (nameless, as a name may hold anything), and it is asked.
    """
    made: dict[str, type] = {"object": object}
    for each, bases in classes.items():
        made[each] = type("_", tuple(made[base] for base in bases), {})
        if each == name:
            break
    names = {cls: each for each, cls in made.items()}
    return [names[cls] for cls in made[name].__mro__]


def loop_order(tasks: list[list[Step]]) -> list[str]:
    """7. What the tasks say, in order.

    `await run(steps)` is no switch, so lists are flattened; only None is. The loop is a queue, so every task gets
    its first stretch, then every task its second, and so on: the transpose of the stretches.
    """

    def stretches(steps: list[Step]) -> list[list[str]]:
        out: list[list[str]] = [[]]
        todo = [iter(steps)]
        while todo:
            for step in todo[-1]:
                if step is None:
                    out.append([])
                elif isinstance(step, str):
                    out[-1].append(step)
                else:
                    todo.append(iter(step))
                    break
            else:
                todo.pop()
        return out

    rounds = zip_longest(*map(stretches, tasks), fillvalue=[])
    return list(chain.from_iterable(chain.from_iterable(rounds)))


def counted(fn: Function) -> Function:
    """8. `fn` with an attribute `calls`: the number of calls so far."""
    lock = threading.Lock()  # question 1: += is no single step

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with lock:
            wrapper.calls += 1  # type: ignore[attr-defined]
        return fn(*args, **kwargs)

    wrapper.calls = 0  # type: ignore[attr-defined]  # after wraps, which copies the attributes of fn
    return wrapper  # type: ignore[return-value]


def common(left: list[Key], right: list[Key]) -> list[Key]:
    """10. The items of `left` that are in `right`, in the order of `left`."""
    return list(filter(frozenset(right).__contains__, left))


async def overlap(fn: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """12. `fn(item)` for each item, all at the same time, while the event loop goes on.

    Threads of its own, one for each item: the loop's default executor may be busy with other things.
    """
    todo = list(items)
    if not todo:
        return []
    loop = asyncio.get_running_loop()
    executor = ThreadPoolExecutor(len(todo), thread_name_prefix="overlap")
    try:
        calls = [loop.run_in_executor(executor, contextvars.copy_context().run, fn, item) for item in todo]
        await asyncio.wait(calls)
        return [call.result() for call in calls]  # the first item's exception, if any
    finally:
        executor.shutdown(wait=False)


def workers(every_ms: int, takes_ms: int) -> int:
    """13. The smallest number of workers with which no request waits: takes / every, rounded up, without floats."""
    return -(-takes_ms // every_ms)


def find_users(db: sqlite3.Connection, name: str) -> list[int]:
    """14. The ids of the users with exactly this name, ascending."""
    cursor = db.execute("SELECT id FROM users WHERE name = ? ORDER BY id", (name,))
    return [row[0] for row in cursor]
