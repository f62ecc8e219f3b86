"""What must happen beside the answers: a watched decorator, counted comparisons, a beating event loop, a database."""

import asyncio
import inspect
import sqlite3
import threading
import time

import interview_drill

# 4. and 5.


def celsius(fahrenheit):
    """A Celsius as what it is, and as other code sees it."""
    made = interview_drill.Celsius(fahrenheit)
    value = float.__float__(made) if isinstance(made, float) else None
    return {
        "type": type(made).__name__,
        "float": isinstance(made, float) and issubclass(interview_drill.Celsius, float),
        "value": value,
        "sum": float(made + 1.0),
        "text": f"{made:.3f}",
        "key": {made: "here"}.get(value),
    }


def points(first, second):
    """Whether two points are equal, and whether one finds the other in a dict and in a set."""
    one, other = interview_drill.Point(*first), interview_drill.Point(*second)
    try:
        found = {one: "here"}.get(other) == "here", other in set([one])  # noqa: C405, FURB171 - a set is asked
    except TypeError as error:
        found = str(error)
    return {"equal": (one == other) is True, "found": found}


def hashes(size):
    """How many hashes the points of a grid have."""
    return len({hash(interview_drill.Point(x, y)) for x in range(size) for y in range(1_000 // size)})


# 8.


def count_function(calls):
    """Decorate two functions, call one; what came back, and what can be seen of the decorated one."""

    def add(first, second=2, *rest, scale: int = 1):
        """Add up."""
        return (first + second + sum(rest)) * scale

    def other():
        return "other"

    decorated, second = interview_drill.counted(add), interview_drill.counted(other)
    before = decorated.calls
    results = [decorated(*args, **kwargs) for args, kwargs in calls]
    return {
        "before": before,
        "results": results,
        "expected": [add(*args, **kwargs) for args, kwargs in calls],
        "calls": decorated.calls,
        "calls of the other": [second.calls, second(), second.calls],
        "name": [decorated.__name__, decorated.__doc__],
        "signature": [str(inspect.signature(decorated)), str(inspect.signature(add))],
        "wrapped": decorated.__wrapped__ is add,
    }


def count_method():
    """Decorate a method; what two instances get from it, and the count."""

    class Account:
        def __init__(self, balance):
            self.balance = balance

        @interview_drill.counted
        def pay(self, amount):
            self.balance -= amount
            return self.balance

    ann, bob = Account(10), Account(100)
    return {"results": [ann.pay(1), bob.pay(1), ann.pay(amount=2)], "calls": Account.__dict__["pay"].calls}


def count_errors():
    """Decorate a function that raises; which error came out, and the count."""
    error = LookupError("nothing there")

    @interview_drill.counted
    def fail():
        raise error

    same = 0
    for _ in range(3):
        try:
            fail()
        except LookupError as caught:
            same += caught is error
    return {"same": same, "calls": fail.calls}


def count_recursion(depth):
    """Decorate a function that calls itself by its decorated name."""

    @interview_drill.counted
    def down(left):
        return 0 if left == 0 else 1 + down(left - 1)

    return {"result": down(depth), "calls": down.calls}


# 10.


class Counted:
    """An item that counts how often items are compared and hashed."""

    comparisons = hashed = 0

    def __init__(self, number):
        self.number = number

    def __hash__(self):
        Counted.hashed += 1
        return hash(self.number)

    def __eq__(self, other):
        Counted.comparisons += 1
        return isinstance(other, Counted) and self.number == other.number


def work_of_common(left, right):
    """The numbers that the two have in common, and the work that it took to find them."""
    found = interview_drill.common([Counted(number) for number in left], [Counted(number) for number in right])
    return {"found": [item.number for item in found], "compared": Counted.comparisons, "hashed": Counted.hashed}


# 12.


async def overlapping(naps_s, bad=None):
    """Let overlap() call a function that sleeps, beside a task that beats four times a second."""
    beats, calls, threads = [], [], set()

    async def beat():
        while True:
            await asyncio.sleep(0.25)
            beats.append(1)

    def nap(seconds):
        calls.append(seconds)
        threads.add(threading.get_ident())
        time.sleep(seconds)
        if seconds == bad:
            raise LookupError(f"no {seconds}")
        return f"slept {seconds}"

    heart = asyncio.create_task(beat())
    start = time.monotonic()
    try:
        outcome = await interview_drill.overlap(nap, naps_s)
    except LookupError as error:
        outcome = f"LookupError: {error}"
    took = time.monotonic() - start
    heart.cancel()
    return {
        "outcome": outcome,
        "calls": sorted(calls),
        "took": took,
        "beats": len(beats),
        "on the loop": threading.get_ident() in threads,
    }


# 14.


def users(names, asked):
    """A table of users with these names, numbered from 1; who is found by the names asked for, and what is left."""
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
        db.executemany("INSERT INTO users (name) VALUES (?)", [(name,) for name in names])
        found = [find(db, name) for name in asked]
        left = [name for (name,) in db.execute("SELECT name FROM users ORDER BY id")]
    db.close()
    return {"found": found, "left": left}


def find(db, name):
    try:
        return interview_drill.find_users(db, name)
    except Exception as error:  # noqa: BLE001 - whatever comes out is what was observed
        return f"{type(error).__name__}: {error}"
