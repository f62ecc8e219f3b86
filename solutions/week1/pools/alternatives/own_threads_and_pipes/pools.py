"""Run one function over many items, on threads or processes of our own.

Threads share one queue that the caller fills, under one condition variable. Processes are spawned, one pipe each, and
get an item whenever they are idle; the caller waits for all pipes at once. A pipe that closes is a worker that died.
"""

import multiprocessing
import pickle
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class PoolError(Exception):
    """`fn` failed for `item`. `raise PoolError(item) from error` makes the error its `__cause__`."""

    def __init__(self, item: object) -> None:
        super().__init__(f"failed for item {item!r}")
        self.item = item


class WorkerError(Exception):
    """What a worker process could not tell itself: it died, or its exception cannot be rebuilt here."""


def run_threads(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` once for every item on `workers` threads and return the results in input order."""
    _check(workers, limit)
    return _ThreadRun(fn, workers).over(_numbered(items, limit))


def run_processes(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """The same in `workers` processes. TypeError, before anything is drawn: `fn` cannot be pickled."""
    _check(workers, limit)
    try:
        pickle.dumps(fn)
    except Exception as error:
        raise TypeError(f"not picklable: {getattr(fn, '__qualname__', repr(fn))}") from error
    return _ProcessRun(fn, workers).over(_numbered(items, limit))


def run_auto(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    kind: Literal["io", "cpu"],
    workers: int,
    limit: int | None = None,
) -> list[Result]:
    """Threads for `kind="io"`, processes for `kind="cpu"`. ValueError: any other `kind`."""
    runs = {"io": run_threads, "cpu": run_processes}
    if kind not in runs:
        raise ValueError(f"unknown kind {kind!r}: take one of {sorted(runs)}")
    return runs[kind](fn, items, workers=workers, limit=limit)


def _check(workers: int, limit: int | None) -> None:
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if limit is not None and limit < 0:
        raise ValueError("limit must not be negative")


def _numbered(items: Iterable[Item], limit: int | None) -> Iterator[tuple[int, Item]]:
    """Items with their places, `limit` of them at most, not asking for one more."""
    if limit == 0:
        return
    for index, item in enumerate(items):
        yield index, item
        if index + 1 == limit:
            return


class _ThreadRun(Generic[Item, Result]):
    """One call of run_threads. All attributes below `_changed` are guarded by it."""

    def __init__(self, fn: Callable[[Item], Result], workers: int) -> None:
        self._fn = fn
        self._workers = workers
        self._changed = threading.Condition()
        self._queue: deque[tuple[int, Item]] = deque()
        self._running = 0
        self._closed = False  # nothing will be queued any more
        self._failure: tuple[Item, BaseException] | None = None
        self._results: dict[int, Result] = {}

    def over(self, numbered: Iterator[tuple[int, Item]]) -> list[Result]:
        threads: list[threading.Thread] = []
        try:
            while self._await_room():
                drawn = next(numbered, None)
                if drawn is None:
                    break
                self._enqueue(drawn)
                if len(threads) < self._workers:
                    thread = threading.Thread(target=self._work, name=f"run_threads-{len(threads)}")
                    thread.start()
                    threads.append(thread)
        except BaseException:
            self._close(cancel=True)
            raise
        else:
            self._close(cancel=False)
        finally:
            for thread in threads:
                thread.join()
        if self._failure is not None:
            item, error = self._failure
            raise PoolError(item) from error
        return [self._results[index] for index in range(len(self._results))]

    def _await_room(self) -> bool:
        """Wait until an item may be drawn; False: none may, for one has failed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._failure is not None or len(self._queue) + self._running < 2 * self._workers
            )
            return self._failure is None

    def _enqueue(self, drawn: tuple[int, Item]) -> None:
        with self._changed:
            if self._failure is None:
                self._queue.append(drawn)
                self._changed.notify_all()

    def _close(self, *, cancel: bool) -> None:
        with self._changed:
            self._closed = True
            if cancel:
                self._queue.clear()
            self._changed.notify_all()

    def _take(self) -> tuple[int, Item] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed or self._failure is not None)
            if not self._queue:
                return None
            self._running += 1
            return self._queue.popleft()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            index, item = taken
            try:
                result = self._fn(item)
            except BaseException as error:  # noqa: BLE001 - raised by over()
                with self._changed:
                    self._running -= 1
                    self._failure = self._failure or (item, error)
                    self._queue.clear()
                    self._changed.notify_all()
                return
            with self._changed:
                self._running -= 1
                self._results[index] = result
                self._changed.notify_all()


_SPAWN = multiprocessing.get_context("spawn")  # no fork: the caller may have threads, and a pipe must have one owner


@dataclass
class _Worker(Generic[Item]):
    process: Any
    pipe: Connection
    task: tuple[int, Item] | None = None

    @classmethod
    def start(cls, fn: Callable[[Item], Any]) -> "_Worker[Item]":
        ours, theirs = _SPAWN.Pipe()
        try:
            process = _SPAWN.Process(target=_serve, args=(theirs, fn))
            process.start()
        finally:
            theirs.close()  # so that the worker's death closes the pipe
        return cls(process, ours)

    def stop(self) -> None:
        """Let it finish what it is doing, and wait."""
        self.pipe.close()
        self.process.join()
        self.process.close()


class _ProcessRun(Generic[Item, Result]):
    """One call of run_processes. Only idle workers are given items, so at most `workers` are in flight."""

    def __init__(self, fn: Callable[[Item], Result], workers: int) -> None:
        self._fn = fn
        self._most = workers
        self._workers: list[_Worker[Item]] = []
        self._results: dict[int, Result] = {}

    def over(self, numbered: Iterator[tuple[int, Item]]) -> list[Result]:
        try:
            while True:
                self._collect(block=len(self._busy()) == self._most)
                task = next(numbered, None)
                if task is None:
                    break
                self._give(task)
            while self._busy():
                self._collect(block=True)
        finally:
            for worker in self._workers:
                worker.pipe.close()
            for worker in self._workers:
                worker.stop()
        return [self._results[index] for index in range(len(self._results))]

    def _busy(self) -> dict[Connection, _Worker[Item]]:
        return {worker.pipe: worker for worker in self._workers if worker.task is not None}

    def _give(self, task: tuple[int, Item]) -> None:
        worker = next((worker for worker in self._workers if worker.task is None), None)
        if worker is None:
            worker = _Worker.start(self._fn)
            self._workers.append(worker)
        worker.task = task
        try:
            worker.pipe.send(task[1])
        except OSError as error:
            raise PoolError(task[1]) from error  # it has died while it was idle

    def _collect(self, *, block: bool) -> None:
        """Store the results that have come in, the first of which is waited for if `block`."""
        busy = self._busy()
        for pipe in wait(list(busy), timeout=None if block else 0):
            assert isinstance(pipe, Connection)
            worker = busy[pipe]
            assert worker.task is not None
            index, item = worker.task
            try:
                reply = pipe.recv_bytes()
            except (EOFError, OSError):
                worker.process.join()
                dead = WorkerError(f"the worker process died, exit code {worker.process.exitcode}")
                raise PoolError(item) from dead
            worker.task = None
            result, error = _read(reply)
            if error is not None:
                raise PoolError(item) from error
            self._results[index] = result


def _serve(pipe: Connection, fn: Callable[[Any], Any]) -> None:
    """A worker's life: answer every item with one reply until the caller closes the pipe."""
    try:
        while True:
            request = pipe.recv_bytes()
            try:
                reply = pickle.dumps(("returned", fn(pickle.loads(request))))
            except BaseException as error:  # noqa: BLE001 - sent to the caller
                reply = _describe(error)
            pipe.send_bytes(reply)
    except (EOFError, OSError):
        pass


def _describe(error: BaseException) -> bytes:
    """A reply that rebuilds the error, or one that names it if that is impossible."""
    name = type(error).__qualname__
    try:
        packed = pickle.dumps((error, error.args))
        rebuilt, _ = pickle.loads(packed)
        if type(rebuilt) is not type(error):
            raise TypeError(f"{name} comes out of its pickle as {type(rebuilt).__qualname__}")
        return pickle.dumps(("raised", (name, packed)))
    except Exception as reason:  # noqa: BLE001 - pickling may raise anything
        where = "".join(traceback.format_tb(error.__traceback__))
        story = f"{name}, which cannot be sent ({type(reason).__qualname__}), from\n{where}"
        return pickle.dumps(("unsendable", story))


def _read(reply: bytes) -> tuple[Any, BaseException | None]:
    """The result and the error of a reply."""
    name = "the result"
    try:
        kind, content = pickle.loads(reply)
        if kind == "returned":
            return content, None
        if kind == "unsendable":
            return None, WorkerError(content)
        name, packed = content
        rebuilt, args = pickle.loads(packed)
        rebuilt.args = args  # the __init__ that pickle has called may have made something else of them
        return None, rebuilt
    except Exception as error:  # noqa: BLE001 - pickling may raise anything
        return None, WorkerError(f"{name} cannot be rebuilt: {error!r}")
