"""2 x workers slots: one is taken before an item is drawn and given back by its future's callback."""

import pickle
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from threading import Event, Semaphore
from typing import Any


@dataclass
class PoolError(Exception):
    item: Any

    def __str__(self) -> str:
        return f"no result for {self.item!r}"


@dataclass
class Task:
    """Picklable; makes sure that what `fn` raises can be rebuilt in the caller."""

    fn: Callable[[Any], Any]

    def __call__(self, item: Any) -> Any:
        try:
            return self.fn(item)
        except Exception as error:
            if survives_pickling(error):
                raise
            message = f"{type(error).__qualname__}: {error}"
        raise RuntimeError(message)


@dataclass
class Run:
    pool: Executor
    task: Callable[[Any], Any]
    slots: Semaphore
    failed: Event = field(default_factory=Event)
    futures: list[tuple[Any, Future[Any]]] = field(default_factory=list)

    def over(self, source: Iterable[Any], limit: int | None) -> list[Any]:
        try:
            self.hand_out(iter(source), limit)
            return [self.answer(item, future) for item, future in self.futures]
        finally:
            self.pool.shutdown(cancel_futures=True)

    def hand_out(self, source: Any, limit: int | None) -> None:
        while limit is None or len(self.futures) < limit:
            self.slots.acquire()
            if self.failed.is_set():
                self.raise_failure()
            try:
                item = next(source)
            except StopIteration:
                return
            try:
                future = self.pool.submit(self.task, item)
            except Exception as error:
                raise PoolError(item) from error
            self.futures.append((item, future))
            future.add_done_callback(self.done)

    def done(self, future: Future[Any]) -> None:
        if future.cancelled() or future.exception() is not None:
            self.failed.set()
        self.slots.release()

    def raise_failure(self) -> None:
        for item, future in self.futures:
            if future.done():
                self.answer(item, future)

    @staticmethod
    def answer(item: Any, future: Future[Any]) -> Any:
        try:
            return future.result()
        except Exception as error:
            raise PoolError(item) from error


def run_threads(fn: Callable[[Any], Any], items: Iterable[Any], *, workers: int, limit: int | None = None) -> list[Any]:
    demand(workers >= 1, "workers must be positive")
    demand(limit is None or limit >= 0, "limit must not be negative")
    return Run(ThreadPoolExecutor(workers), fn, Semaphore(2 * workers)).over(items, limit)


def run_processes(
    fn: Callable[[Any], Any], items: Iterable[Any], *, workers: int, limit: int | None = None
) -> list[Any]:
    demand(workers >= 1, "workers must be positive")
    demand(limit is None or limit >= 0, "limit must not be negative")
    try:
        pickle.dumps(fn)
    except Exception as error:
        raise TypeError(f"run_processes cannot pickle {getattr(fn, '__qualname__', fn)}") from error
    pool = ProcessPoolExecutor(workers, mp_context=get_context("forkserver"))
    return Run(pool, Task(fn), Semaphore(2 * workers)).over(items, limit)


def run_auto(
    fn: Callable[[Any], Any],
    items: Iterable[Any],
    *,
    kind: str,
    workers: int,
    limit: int | None = None,
) -> list[Any]:
    demand(kind in ("io", "cpu"), "kind must be io or cpu")
    run = run_threads if kind == "io" else run_processes
    return run(fn, items, workers=workers, limit=limit)


def survives_pickling(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - pickling may raise anything
        return False
    return True


def demand(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
