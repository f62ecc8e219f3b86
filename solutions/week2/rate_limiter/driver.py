"""What must happen inside the cell: many calls, many threads, and keys whose end can be watched."""

import gc
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any


class Key(str):
    """A key like any string, except that one can see whether anybody still holds it."""

    __slots__ = ("__weakref__",)


def ask(limiter: Any, keys: int, calls: int) -> int:
    """Make `calls` calls of cost 1, going round `keys` keys; return how many were allowed."""
    return sum(limiter.allow(number % keys).allowed for number in range(calls))


def poll(limiter: Any, clock: Any, calls: int, longest_gap_s: float, seed: int) -> tuple[int, float]:
    """Ask for one key at random small steps of time; return how many were allowed, and the seconds."""
    chance = random.Random(seed)
    start = now = clock()
    allowed = 0
    for _ in range(calls):
        allowed += limiter.allow("ann").allowed
        now += chance.uniform(0, longest_gap_s)
        clock.set(now)
    return allowed, now - start


def come_and_go(limiter: Any, clock: Any, keys: int, seconds: float) -> dict[str, int]:
    """Use many keys once, then ten others for a while; return how many keys are tracked and held."""
    names = [Key(f"old {number}") for number in range(keys)]
    watched = [weakref.ref(name) for name in names]
    for name in names:
        limiter.allow(name)
    tracked_at_first = limiter.tracked_keys()
    del names, name
    start, calls = clock(), 2 * keys + 1000
    for number in range(1, calls + 1):
        clock.set(start + seconds * number / calls)
        limiter.allow(f"new {number % 10}")
    gc.collect()
    held = sum(watch() is not None for watch in watched)
    return {"tracked at first": tracked_at_first, "held": held, "tracked": limiter.tracked_keys()}


def hammer(limiter: Any, key: str, threads: int, calls: int) -> dict[str, list[Any]]:
    """Ask from many threads at once, with a switch of threads after every line of the submission.

    Returns what is left after each allowed request, the number of refusals and what was raised.
    """
    remaining: list[int] = []
    refusals: list[bool] = []
    errors: list[str] = []
    start = threading.Barrier(threads)

    def work() -> None:
        start.wait()
        sys.settrace(switch_threads)
        try:
            for _ in range(calls):
                decision = limiter.allow(key)
                if decision.allowed:
                    remaining.append(decision.remaining)
                else:
                    refusals.append(True)
        except Exception as error:  # noqa: BLE001 - whatever a thread meets is reported
            errors.append(f"{type(error).__name__}: {error}")
        finally:
            sys.settrace(None)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"remaining": sorted(remaining), "refused": [len(refusals)], "errors": errors}


def switch_threads(frame: Any, event: str, _argument: Any) -> Callable[..., Any] | None:
    """A trace function that lets the other threads go first."""
    if frame.f_globals.get("__name__") != "rate_limiter":
        return None
    if event == "line":
        time.sleep(1e-6)
    return switch_threads
