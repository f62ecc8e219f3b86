"""Run one function over many items on a pool of threads or of processes. The contract is in README.md.

No queue stands between the input and the workers. Threads help themselves: each draws its next item under a lock. Processes
are fed by the caller's thread, one item at a time, over a pipe for each. So at most `workers` items are in flight.
"""

import multiprocessing
import pickle
import reprlib
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Literal, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_STOP = b"stop"  # no pickle looks like this
_LOOK_S = 1.0  # a worker whose own children keep its pipes open is found dead after so long


class PoolError(Exception):
    """`fn` failed for `item`. `raise PoolError(item) from error` makes the error its `__cause__`."""

    def __init__(self, item: object) -> None:
        try:
            text = reprlib.repr(item)
        except Exception:  # noqa: BLE001 - an item that has no repr must not hide the failure
            text = object.__repr__(item)
        super().__init__(f"failed for item {text}")
        self.item = item


class _End:
    """Why a run ends early: an error of `fn` for an item, or one that is not about an item. The first one counts."""

    def __init__(self) -> None:
        self._reasons: list[tuple[BaseException, tuple[Any, ...]]] = []

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def because(self, error: BaseException, *item: Any) -> None:
        self._reasons.append((error, item))

    def raise_it(self) -> NoReturn:
        error, item = self._reasons[0]
        self._reasons.clear()
        if item and isinstance(error, Exception):
            raise PoolError(*item) from error
        raise error


def run_threads(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """Call `fn` once for every item on `workers` threads and return the results in input order.

    At most `2 * workers` items are in flight (drawn from `items` and not finished), and at most `limit` items
    are drawn in all. The first failure ends the run with a PoolError. Nothing outlives the call.
    ValueError: `workers` below 1, `limit` below 0.
    """
    _check(workers, limit)
    source = _numbered(items, limit)
    drawing = threading.Lock()
    results: list[Any] = []
    end, exhausted = _End(), threading.Event()

    def work() -> None:
        while True:
            with drawing:
                if end or exhausted.is_set():
                    return
                try:
                    index, item = next(source)
                except StopIteration:
                    exhausted.set()
                    return
                except BaseException as error:  # noqa: BLE001 - raised on the caller's thread
                    end.because(error)
                    return
                results.append(None)
                if end:  # drawing took a while
                    return
            try:
                results[index] = fn(item)
            except BaseException as error:  # noqa: BLE001 - raised on the caller's thread
                end.because(error, item)
                return

    threads: list[threading.Thread] = []
    try:
        while len(threads) < workers and not end and not exhausted.is_set():
            thread = threading.Thread(target=work, name=f"run_threads-{len(threads)}")
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    except BaseException as error:  # Ctrl-C, or no more threads to be had
        end.because(error)
        raise
    finally:
        for thread in threads:
            thread.join()
    if end:
        end.raise_it()
    return results


def run_processes(
    fn: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: int | None = None
) -> list[Result]:
    """The same in `workers` processes. TypeError, before anything is drawn: `fn` cannot be pickled."""
    _check(workers, limit)
    try:
        pickle.dumps(fn)
    except Exception as error:
        raise TypeError(f"{getattr(fn, '__qualname__', fn)!s} cannot be pickled, so no process can call it") from error
    source = _numbered(items, limit)
    context = multiprocessing.get_context()
    crew: list[_Child] = []
    results: list[Any] = []
    end, exhausted = _End(), False

    def take_answers(patience_s: float) -> None:
        """Wait until a child has answered or died, or for so long; then hear all that have something to say."""
        busy = [child for child in crew if child.job]
        wait([handle for child in busy for handle in (child.pipe, child.process.sentinel)], patience_s)
        for child in busy:
            index, item = child.job
            try:
                answer = child.answer()
                if answer:
                    results[index] = answer[0]
            except Exception as error:  # noqa: BLE001 - raised when all is quiet
                end.because(error, item)

    try:
        while True:
            free = next((child for child in crew if not child.job), None)
            room = not (end or exhausted) and (free is not None or len(crew) < workers)
            if any(child.job for child in crew):
                take_answers(0 if room else _LOOK_S)
            elif not room:
                break
            if not room or end:
                continue
            try:
                index, item = next(source)
            except StopIteration:
                exhausted = True
                continue
            except BaseException as error:  # noqa: BLE001 - raised when all is quiet
                end.because(error)
                continue
            results.append(None)
            # Somebody may have become free meanwhile; only then is there no need for one more.
            free = next((child for child in crew if not child.job), None)
            if free is None:
                free = _Child(context, fn, crew)
                crew.append(free)
            try:
                free.give(index, item)
            except Exception as error:  # noqa: BLE001 - raised when all is quiet
                end.because(error, item)
    finally:
        while any(child.job for child in crew):
            take_answers(_LOOK_S)
        for child in crew:
            child.stop()
        for child in crew:
            child.join()
    if end:
        end.raise_it()
    return results


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
    raise ValueError(f"kind is {kind!r}, and must be 'io' or 'cpu'")


def _check(workers: int, limit: int | None) -> None:
    if workers < 1:
        raise ValueError(f"workers is {workers}, and must be at least 1")
    if limit is not None and limit < 0:
        raise ValueError(f"limit is {limit}, and must not be negative")


def _numbered(items: Iterable[Item], limit: int | None) -> Iterator[tuple[int, Item]]:
    """(0, item), (1, item) …: never asks `items` for more than `limit`, nor again after its end."""
    if limit == 0:
        return iter(())
    return islice(enumerate(items), None if limit is None else min(limit, sys.maxsize))


class _Child:
    """A worker process as its parent sees it: it has a job, or it waits for one."""

    def __init__(self, context: Any, fn: Callable[[Any], Any], crew: list["_Child"]) -> None:
        self.job: tuple[int, Any] | None = None
        self.pipe, theirs = context.Pipe()
        # A forked child has copies of our ends of all pipes. It closes them, so that it sees it if we are gone.
        ours = [child.pipe for child in (*crew, self)] if context.get_start_method() == "fork" else []
        self.process = context.Process(target=_serve, args=(theirs, fn, ours))
        try:
            self.process.start()
        except BaseException:
            self.pipe.close()
            raise
        finally:
            theirs.close()

    def give(self, index: int, item: Any) -> None:
        message = ForkingPickler.dumps(item)
        self.job = (index, item)
        with suppress(OSError):  # it is dead: `answer` will say so
            self.pipe.send_bytes(message)

    def answer(self) -> tuple[Any] | None:
        """What `fn` returned, in a tuple, or None while there is no answer. What it raised is raised."""
        dead = self.process.exitcode is not None  # asked before we look for an answer: it may have left one
        try:
            if self.pipe.poll():
                good, payload, name, text = self.pipe.recv()
            elif dead:
                raise EOFError
            else:
                return None
        except (EOFError, OSError):
            self.job = None
            self.process.join(_LOOK_S)
            message = f"worker process {self.process.pid} died with exit code {self.process.exitcode}"
            raise ChildProcessError(message) from None
        self.job = None
        if good:
            return (pickle.loads(payload),)
        raise _rebuilt(payload, name, text)

    def stop(self) -> None:
        with suppress(OSError):
            self.pipe.send_bytes(_STOP)

    def join(self) -> None:
        self.process.join()
        self.pipe.close()
        with suppress(ValueError):
            self.process.close()


def _rebuilt(payload: bytes, name: str, text: str) -> Exception:
    """The exception of a worker, or where its pickle makes none, another one that tells the same."""
    try:
        error = pickle.loads(payload)
    except Exception:  # noqa: BLE001 - whatever its class does
        error = None
    if not isinstance(error, Exception):
        return RuntimeError(f"{name}, which could not be sent back\n{text}")
    with suppress(Exception):
        error.add_note(f"In the worker process:\n{text}")
    return error


def _serve(pipe: Connection, fn: Callable[[Any], Any], ours: list[Connection]) -> None:
    """The life of a worker process: one answer for each item, until it is told to stop or its parent is gone."""
    for end in ours:
        end.close()
    with suppress(EOFError, OSError):
        while (message := pipe.recv_bytes()) != _STOP:
            pipe.send(_answer(fn, message))


def _answer(fn: Callable[[Any], Any], message: bytes) -> tuple[bool, bytes, str, str]:
    try:
        return True, bytes(ForkingPickler.dumps(fn(pickle.loads(message)))), "", ""
    except Exception as error:  # noqa: BLE001 - it goes to the parent
        text = "".join(traceback.format_exception(error))
        try:
            payload = bytes(ForkingPickler.dumps(error))
        except Exception:  # noqa: BLE001 - the parent is told in words
            payload = b""
        return False, payload, type(error).__qualname__, text
