"""The same task on a pool of threads and on a pool of processes."""

import pickle
from collections.abc import Callable, Iterable
from concurrent.futures import (
    FIRST_EXCEPTION,
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
    _require_sizes(workers, limit)
    return _run(ThreadPoolExecutor(workers), fn, islice(items, limit), window=2 * workers)


def run_processes(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` for every item in `workers` processes; results in input order."""
    _require_sizes(workers, limit)
    _require_picklable(fn)
    return _run(_ProcessPool(workers), fn, islice(items, limit), window=2 * workers)


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


def _run(pool: Executor, fn: Callable[[Item], Result], items: Iterable[Item], window: int) -> list[Result]:
    """Keep at most `window` items in flight; leave no worker behind, whichever way it ends."""
    try:
        futures = [(_submit(pool, fn, item), item) for item in items]
        wait([future for future, _ in futures], return_when=FIRST_EXCEPTION)
        for future, item in futures:
            if future.done() and future.exception() is not None:
                _result(future, item)
        return [_result(future, item) for future, item in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: Executor, fn: Callable[[Item], Result], item: Item) -> Future[Result]:
    try:
        return pool.submit(fn, item)
    except Exception as error:  # a broken pool, or an item that does not pickle
        raise PoolError(item) from error


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


def _require_sizes(workers: int, limit: int | None) -> None:
    if workers < 1:
        raise ValueError(f"workers is at least 1, not {workers}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit is at least 0, not {limit}")


def _require_picklable(fn: Callable[..., object]) -> None:
    try:
        pickle.dumps(fn)
    except Exception as error:
        name = getattr(fn, "__qualname__", repr(fn))
        raise TypeError(f"{name} cannot be sent to a process: define it at the top of a module") from error
