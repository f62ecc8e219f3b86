"""A generator over a sliding window: the oldest is the next result."""

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import islice
from typing import Any


class PoolError(RuntimeError):
    def __init__(self, item: Any) -> None:
        super().__init__(item)
        self.item = item


class LostError(Exception):
    """Stands for an exception that cannot travel between processes."""


def run_threads(fn: Callable[[Any], Any], items: Iterable[Any], *, workers: int, limit: int | None = None) -> list[Any]:
    check_numbers(workers, limit)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(in_order(pool, Guarded(fn), islice(items, limit), 2 * workers))


def run_processes(
    fn: Callable[[Any], Any], items: Iterable[Any], *, workers: int, limit: int | None = None
) -> list[Any]:
    check_numbers(workers, limit)
    try:
        pickle.dumps(fn)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise TypeError(f"not picklable: {getattr(fn, '__qualname__', fn)}") from error
    with ProcessPoolExecutor(max_workers=workers) as pool:
        return list(in_order(pool, Guarded(fn), islice(items, limit), 2 * workers))


def run_auto(
    fn: Callable[[Any], Any],
    items: Iterable[Any],
    *,
    kind: str,
    workers: int,
    limit: int | None = None,
) -> list[Any]:
    runners = {"io": run_threads, "cpu": run_processes}
    if kind not in runners:
        raise ValueError(f"unknown kind {kind!r}, expected one of {sorted(runners)}")
    return runners[kind](fn, items, workers=workers, limit=limit)


class Guarded:
    """Turns an exception into a value, so that it can be inspected before it is sent."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self.fn = fn

    def __call__(self, item: Any) -> tuple[bool, Any]:
        try:
            return True, self.fn(item)
        except Exception as error:  # noqa: BLE001 - a value from here on
            return False, sendable(error)


def sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - pickling may raise anything
        return LostError(repr(error))
    return error


def in_order(pool: Executor, task: Callable[[Any], tuple[bool, Any]], items: Iterable[Any], size: int) -> Iterator[Any]:
    window: deque[tuple[Any, Future[tuple[bool, Any]]]] = deque()
    source = iter(items)
    try:
        while True:
            for item in islice(source, size - len(window)):
                try:
                    window.append((item, pool.submit(task, item)))
                except Exception as error:
                    raise PoolError(item) from error
            if not window:
                return
            item, future = window.popleft()
            try:
                fine, value = future.result()
            except Exception as error:
                raise PoolError(item) from error
            if not fine:
                raise PoolError(item) from value
            yield value
    finally:
        for _, future in window:
            future.cancel()


def check_numbers(workers: int, limit: int | None) -> None:
    if workers < 1 or (limit is not None and limit < 0):
        raise ValueError(f"workers={workers}, limit={limit}: at least 1 and at least 0 are needed")
