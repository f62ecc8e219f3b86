"""Runs the submission's pools over a scripted task and returns what was seen.

Threads and processes append a line for every event to one file: the order of lines is the order of events.
"""

import functools
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pools

PATIENCE = 800  # looks at the journal, at least 2.5 ms apart: about 2 s
ENDLESS = 500
NAP = 0.005


@dataclass(frozen=True)
class Journal:
    """The file of events: `draw`, `start`, `end`, `raise` of an item; `alone` where a wait was given up."""

    path: str

    def note(self, event: str, number: int) -> None:
        line = f"{event} {number} {os.getpid()} {threading.get_ident()}\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def events(self) -> list[tuple[str, int, int, int]]:
        with Path(self.path).open() as lines:
            rows = [line.split() for line in lines]
        return [(event, int(number), int(process), int(thread)) for event, number, process, thread in rows]

    def wait_for(self, awaited: set[tuple[str, int]], number: int) -> None:
        """Return once all awaited events have happened; one wait given up ends every later one at once."""
        for _ in range(PATIENCE):
            seen = self.events()
            if awaited <= {event[:2] for event in seen}:
                return
            if any(event[0] == "alone" for event in seen):
                break
            time.sleep(NAP / 2)
        self.note("alone", number)


@dataclass(frozen=True)
class Script:
    """The task: item `n` waits for events, pauses, then returns `n` or meets its fate."""

    journal: Journal
    waits: dict[int, list[tuple[str, int]]]
    pauses: dict[int, float]
    fates: dict[int, str]

    def __call__(self, number: int) -> object:
        self.journal.note("start", number)
        if number in self.waits:
            self.journal.wait_for({tuple(event) for event in self.waits[number]}, number)
        for _ in range(round(self.pauses.get(number, 0) / NAP)):
            time.sleep(NAP)  # short naps, so that a machine which stalls the caller stalls the pause too
        if number in self.fates:
            self.journal.note("raise", number)
            return FATES[self.fates[number]](number)
        self.journal.note("end", number)
        return number


class CardDeclinedError(Exception):
    """Pickles, but cannot be rebuilt: `__init__` wants two arguments, `args` holds one."""

    def __init__(self, card: int, code: int) -> None:
        super().__init__(f"card {card}, code {code}")


def raise_value_error(number: int) -> object:
    raise ValueError(f"no good: {number}")


def raise_stop_iteration(number: int) -> object:
    raise StopIteration(number)


def raise_card_declined(number: int) -> object:
    raise CardDeclinedError(number, 51)


def return_lock(_number: int) -> object:
    return threading.Lock()


def die(_number: int) -> object:
    os._exit(3)


FATES: dict[str, Callable[[int], object]] = {
    "value error": raise_value_error,
    "stop iteration": raise_stop_iteration,
    "card declined": raise_card_declined,
    "lock": return_lock,
    "die": die,
}


def watch(
    function: str,
    length: int | None,
    *,
    waits: dict[int, list[tuple[str, int]]] | None = None,
    pauses: dict[int, float] | None = None,
    fates: dict[int, str] | None = None,
    breaks_at: int | None = None,
    fn: str = "script",
    catch: bool = False,
    census: bool = False,
    **options: object,
) -> dict[str, object]:
    """Call `pools.<function>` with items 0, 1, … (`None`: endless) and say what happened.

    `breaks_at` is the item at which the iterator itself raises OSError, `catch` reports an error instead of
    raising it, `census` lists the threads and processes that the call has left behind.
    """
    descriptor, path = tempfile.mkstemp()
    os.close(descriptor)
    journal = Journal(path)
    task = callables(Script(journal, waits or {}, pauses or {}, fates or {}))[fn]
    alive = living() if census else set()
    results, error = None, None
    try:
        results = getattr(pools, function)(task, numbers(journal, length, breaks_at), **options)
    except Exception as raised:
        if not catch:
            raise
        events, left = journal.events(), living() - alive if census else set()
        error = describe(raised)
    else:
        events, left = journal.events(), living() - alive if census else set()
    return {
        "results": results,
        "error": error,
        "events": events,
        "left": sorted(left),
        "process": os.getpid(),
        "thread": threading.get_ident(),
        "name": getattr(task, "__qualname__", ""),
    }


def numbers(journal: Journal, length: int | None, breaks_at: int | None) -> Iterator[int]:
    for number in range(ENDLESS if length is None else length):
        if number == breaks_at:
            raise OSError("the source broke")
        journal.note("draw", number)
        yield number


def callables(script: Script) -> dict[str, Callable[[int], object]]:
    def nested(number: int) -> object:
        return script(number)

    cached = functools.lru_cache(nested)  # has the name of what it wraps, which its repr does not show
    return {"script": script, "nested": nested, "cached": cached, "lambda": lambda number: script(number)}


def echo(value: object) -> list[object]:
    """A module-level function for process pools."""
    return [value]


def price(order: dict[str, int]) -> int:
    """A module-level function that fails for an order without a price."""
    return order["price"]


def describe(error: Exception) -> dict[str, object]:
    cause, kind = error.__cause__, type(error).__name__
    return {
        "type": kind,
        "item": getattr(error, "item", "no attribute item"),
        "cause": "None" if cause is None else repr(cause),
        "text": str(error),
        "line": f"{kind}: {error}"[:120],
        "kinds": [ancestor.__name__ for ancestor in type(error).__mro__],
    }


def living() -> set[str]:
    """Every thread of this process, and every process below it but multiprocessing's own helpers."""
    threads = {f"thread {thread.name} ({thread.ident})" for thread in threading.enumerate()}
    return threads | {f"process {process}" for process in descendants() - helpers()}


def helpers() -> set[int]:
    """The processes that multiprocessing keeps for the life of the interpreter."""
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    server = sys.modules.get("multiprocessing.forkserver")
    return {
        getattr(getattr(tracker, "_resource_tracker", None), "_pid", None) or 0,
        getattr(getattr(server, "_forkserver", None), "_forkserver_pid", None) or 0,
    }


def descendants() -> set[int]:
    """The living processes below this one; where there is no /proc, those that multiprocessing knows."""
    try:
        parents = dict(filter(None, map(parent, Path("/proc").glob("[0-9]*"))))
    except OSError:
        return {child.pid for child in multiprocessing.active_children() if child.pid}
    found, fresh = set[int](), {os.getpid()}
    while fresh:
        fresh = {process for process, above in parents.items() if above in fresh} - found
        found |= fresh
    return found


def parent(process: Path) -> tuple[int, int] | None:
    """A living process and the one that it was started by."""
    try:
        state, above = (process / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else (int(process.name), int(above))
