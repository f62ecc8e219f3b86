"""Small classes and generators; the order of classes by the local rules of C3, one list at a time."""

import asyncio
import math
from functools import wraps
from inspect import signature
from threading import Lock

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
        return super(cls, cls).__new__(cls, (fahrenheit - 32) / 1.8)


class Point:
    def __init__(self, x, y):
        self.coordinates = x, y

    def __eq__(self, other):
        return isinstance(other, Point) and self.coordinates == other.coordinates

    def __hash__(self):
        return hash(self.coordinates)


def mro(classes, name):
    if name == "object":
        return ["object"]
    above = classes[name] or ["object"]
    return [name, *merge([mro(classes, base) for base in above] + [above])]


def merge(lists):
    lists = [each for each in lists if each]
    if not lists:
        return []
    for head in (each[0] for each in lists):
        if all(head not in each[1:] for each in lists):
            return [head, *merge([each[1:] if each[0] == head else each for each in lists])]
    raise TypeError("no order of the bases fits")


class Task:
    def __init__(self, steps):
        self.stack = [iter(steps)]

    def run(self, said):
        """Go on until the task suspends (True) or ends."""
        while self.stack:
            for step in self.stack[-1]:
                if step is None:
                    return True
                if isinstance(step, list):
                    self.stack.append(iter(step))
                    break
                said.append(step)
            else:
                self.stack.pop()
        return False


def loop_order(tasks):
    said, running = [], [Task(task) for task in tasks]
    while running:
        running = [task for task in running if task.run(said)]
    return said


def counted(fn):
    lock = Lock()

    def wrapper(*args, **kwargs):
        with lock:
            wrapper.calls += 1
        return fn(*args, **kwargs)

    wrapper = wraps(fn)(wrapper)
    wrapper.__signature__ = signature(fn)
    wrapper.calls = 0
    return wrapper


def common(left, right):
    here = set(left).intersection(right)
    result = []
    for item in left:
        if item in here:
            result += [item]
    return result


async def overlap(fn, items):
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asyncio.to_thread(fn, item)) for item in items]
    except* Exception as errors:  # noqa: BLE001 - whatever fn raises
        first = errors.exceptions[0]
    else:
        return [task.result() for task in tasks]
    raise first


def workers(every_ms, takes_ms):
    return math.ceil(takes_ms / every_ms)


def find_users(db, name):
    quoted = name.replace("'", "''")
    return [number for (number,) in db.execute(f"SELECT id FROM users WHERE name = '{quoted}' ORDER BY id")]
