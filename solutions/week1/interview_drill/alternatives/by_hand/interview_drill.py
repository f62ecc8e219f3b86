"""Everything asked of the interpreter itself: real classes, a real event loop, a real executor."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import update_wrapper

GIL = {
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

REFCOUNTS = ["1 in a list", "2 in a frame", "3 under two names", "4 in a cycle"]

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

DICTS = ["{1: 'float'}", "True 2", "1 2", "['b', 'c', 'a']", "False False True", "RuntimeError 2"]

IMPORTS = [
    "shop is shop",
    "stock is stock",
    "shop has a price: False",
    "1 5 5 10",
    "stock is stock",
    "shop has a price: True",
    "False 1 5",
]

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
    def __new__(cls, fahrenheit):
        celsius = float.__new__(cls, (fahrenheit - 32) / 1.8)
        celsius.fahrenheit = fahrenheit
        return celsius


class Point(tuple):
    __slots__ = ()

    def __new__(cls, x, y):
        return super().__new__(cls, (x, y))


def mro(classes, name):
    made = {"object": object}
    for each, bases in classes.items():
        made[each] = type(each, tuple(made[base] for base in bases), {})
        if each == name:
            break
    return [each.__name__ for each in made[name].__mro__]


def loop_order(tasks):
    said = []

    async def run(steps):
        for step in steps:
            if step is None:
                await asyncio.sleep(0)
            elif type(step) is str:
                said.append(step)
            else:
                await run(step)

    async def main():
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(run(task))

    asyncio.run(main())
    return said


class counted:  # noqa: N801 - a decorator
    def __init__(self, fn):
        update_wrapper(self, fn)
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, owner, kind=None):
        if owner is None:
            return self
        return lambda *args, **kwargs: self(owner, *args, **kwargs)


def common(left, right):
    there = dict.fromkeys(right)
    return list(filter(there.__contains__, left))


async def overlap(fn, items):
    items = list(items)
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(max(1, len(items)))
    try:
        waiting = [loop.run_in_executor(pool, fn, item) for item in items]
        return [await future for future in waiting]
    finally:
        pool.shutdown(wait=False)


def workers(every_ms, takes_ms):
    count = 1
    while count * every_ms < takes_ms:
        count += 1
    return count


def find_users(db, name):
    cursor = db.cursor()
    cursor.execute("SELECT id FROM users WHERE name = :name", {"name": name})
    return sorted(number for (number,) in cursor)
