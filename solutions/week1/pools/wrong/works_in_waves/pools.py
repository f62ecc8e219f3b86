"""Run one function over many items on an executor of concurrent.futures, with a bounded number of items in flight."""

import pickle
import sys
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import SimpleQueue
from threading import Event
from typing import Any, Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class PoolError(Exception):
    """`fn` failed for `item`. `raise PoolError(item) from error` makes the error its `__cause__`."""

    def __init__(self, item: object) -> None:
        super().__init__(f"failed for item {item!r}")
        self.item = item


class RemoteError(Exception):
    """Stands for an exception of `fn` that could not come back from its process; the message tells what it was."""


class _NotStarted(BaseException):
    """A worker took this item after a failure elsewhere and left it alone."""


def run_threads(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` once for every item on `workers` threads and return the results in input order."""
    _check(workers, limit)
    if limit == 0:
        return []
    failed = Event()

    def call(item: Item) -> Result:
        if failed.is_set():
            raise _NotStarted
        try:
            return fn(item)
        except BaseException:
            failed.set()
            raise

    return _run(ThreadPoolExecutor(workers), call, _as_it_is, items, workers, limit, failed)


def run_processes(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """The same in `workers` processes. TypeError, before anything is drawn: `fn` cannot be pickled."""
    _check(workers, limit)
    try:
        pickle.dumps(fn)
    except Exception as error:
        name = getattr(fn, "__qualname__", repr(fn))
        raise TypeError(f"{name} cannot be sent to a process: {error}") from error
    if limit == 0:
        return []
    executor = ProcessPoolExecutor(workers if limit is None else min(workers, limit))
    return _run(executor, partial(_call_in_process, fn), _open, items, workers, limit, Event())


def run_auto(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    kind: Literal["io", "cpu"],
    workers: int,
    limit: int | None = None,
) -> list[Result]:
    """Threads for `kind="io"`, processes for `kind="cpu"`. ValueError: any other `kind`."""
    if kind == "io":
        return run_threads(fn, items, workers=workers, limit=limit)
    if kind == "cpu":
        return run_processes(fn, items, workers=workers, limit=limit)
    raise ValueError(f'kind must be "io" or "cpu", not {kind!r}')


def _check(workers: int, limit: int | None) -> None:
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, but is {limit}")


def _run(
    executor: Executor,
    call: Callable[[Item], Any],
    unpack: Callable[[Any], tuple[Result, BaseException | None]],
    items: Iterable[Item],
    workers: int,
    limit: int | None,
    failed: Event,
) -> list[Result]:
    """Submit `call` for every item and collect what `unpack` finds in the returns, the first failure raised.

    `failed` is set, where workers can do so, before the news of a failure arrives here.
    """
    results: list[Any] = []
    in_flight: dict[Future[Any], tuple[int, Item]] = {}
    done: SimpleQueue[Future[Any]] = SimpleQueue()

    def settle_one() -> None:
        future = done.get()
        index, item = in_flight.pop(future)
        error = future.exception()  # the future is done: this does not wait
        if isinstance(error, _NotStarted):
            return  # the failure that stopped it is in flight and is settled soon
        if error is None:
            results[index], error = unpack(future.result())
        if error is not None:
            raise PoolError(item) from error

    try:
        source = islice(items, None if limit is None else min(limit, sys.maxsize))
        while wave := list(islice(source, 2 * workers)):
            for item in wave:
                results.append(None)
                try:
                    future = executor.submit(call, item)
                except BrokenExecutor as error:
                    raise PoolError(item) from error
                in_flight[future] = len(results) - 1, item
                future.add_done_callback(done.put)
            while in_flight:
                settle_one()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    return results


# What goes on in a worker process. An outcome crosses the border as bytes that were pickled here, where a failure to
# do so is still ours to report; left to the executor, it would break the whole pool or lose the class of the error.


@dataclass(frozen=True)
class _Outcome:
    result: bytes | None = None  # a pickled result …
    error: bytes | None = None  # … or a pickled (error, error.args) …
    story: str = ""  # … or, if the error cannot be pickled, what is to be told of it


def _call_in_process(fn: Callable[[Any], Any], item: Any) -> _Outcome:
    try:
        return _Outcome(result=pickle.dumps(fn(item)))
    except BaseException as error:
        story = _tell(error)
        try:
            packed = pickle.dumps((error, error.args))
            copy, _ = pickle.loads(packed)
        except Exception:
            return _Outcome(story=story)
        return _Outcome(error=packed if type(copy) is type(error) else None, story=story)


def _tell(error: BaseException) -> str:
    name = type(error).__qualname__
    try:
        return f"{name}\n" + "".join(traceback.format_exception(error))
    except Exception:  # its __str__ may raise
        return name


def _open(outcome: _Outcome) -> tuple[Any, BaseException | None]:
    """The result and the error that an outcome stands for."""
    try:
        if outcome.result is not None:
            return pickle.loads(outcome.result), None
        if outcome.error is not None:
            error, args = pickle.loads(outcome.error)
            error.args = args  # an __init__ that makes its own message has made it a second time
            return None, error
    except Exception as problem:
        return None, RemoteError(outcome.story or repr(problem))
    return None, RemoteError(outcome.story)


def _as_it_is(result: Result) -> tuple[Result, None]:
    return result, None
