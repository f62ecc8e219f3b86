"""The same task on a pool of threads and on a pool of processes."""

import pickle
from collections.abc import Callable, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from itertools import islice
from typing import Any, Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class PoolError(Exception):
    """`fn` failed for `item`; the exception it failed with is `__cause__`."""

    def __init__(self, item: object) -> None:
        super().__init__(f"failed for item {item!r}")
        self.item = item


def run_threads(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` for every item on `workers` threads; results in input order."""
    return _run(fn, islice(items, limit), ThreadPoolExecutor(workers), window=2 * workers)


def run_processes(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` for every item in `workers` processes; results in input order."""
    _require_picklable(fn)
    return _run(fn, islice(items, limit), _ProcessPool(workers), window=2 * workers)


def run_auto(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    kind: Literal["io", "cpu"],
    workers: int,
    limit: int | None = None,
) -> list[Result]:
    """Threads for work that waits ("io"), processes for work that computes ("cpu")."""
    match kind:
        case "io":
            return run_threads(fn, items, workers=workers, limit=limit)
        case "cpu":
            return run_processes(fn, items, workers=workers, limit=limit)
    raise ValueError(f'kind is "io" or "cpu", not {kind!r}')


def _run(fn: Callable[[Item], Result], items: Iterable[Item], pool: Executor, window: int) -> list[Result]:
    """Keep at most `window` items in flight; leave no worker behind, whichever way it ends.

    Sizes that cannot be are a ValueError of `islice` and of the pools, before anything is drawn.
    """
    numbered = enumerate(items)
    in_flight: dict[Future[Result], tuple[int, Item]] = {}
    results: dict[int, Result] = {}
    try:
        while True:
            for number, item in islice(numbered, window - len(in_flight)):
                in_flight[_submit(pool, fn, item)] = number, item
            if not in_flight:
                return [results[number] for number in range(len(results))]
            for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
                number, item = in_flight.pop(future)
                results[number] = _result(future, item)
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: Executor, fn: Callable[[Item], Result], item: Item) -> Future[Result]:
    try:
        return pool.submit(fn, item)
    except Exception as broken:  # the pool, or an item that does not pickle
        raise PoolError(item) from broken


def _result(future: Future[Result], item: object) -> Result:
    try:
        return future.result()
    except Exception as error:
        raise PoolError(item) from error


class _ProcessPool(ProcessPoolExecutor):
    """A process pool that pickles in the caller, where an error still has its item."""

    def submit(self, fn: Callable[..., Result], /, *args: object, **kwargs: object) -> Future[Result]:
        return super().submit(_call, pickle.dumps((fn, args, kwargs)))


def _call(task: bytes) -> Any:
    """Run in a worker; an exception that the caller could not rebuild would break the whole pool."""
    fn, args, kwargs = pickle.loads(task)
    try:
        return fn(*args, **kwargs)
    except Exception as error:
        if not _survives_pickling(error):
            raise RuntimeError(repr(error)) from error
        raise


def _survives_pickling(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever pickling raises, the answer is no
        return False
    return True


def _require_picklable(fn: Callable[..., object]) -> None:
    try:
        pickle.dumps(fn)
    except Exception as error:
        name = getattr(fn, "__qualname__", repr(fn))
        raise TypeError(f"{name} cannot be sent to a process: define it at the top of a module") from error
