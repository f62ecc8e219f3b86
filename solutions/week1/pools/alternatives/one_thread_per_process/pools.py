"""No executors: threads pull from the shared iterator, and each may own a process at the end of a pipe."""

import contextlib
import multiprocessing
import pickle
import threading
from multiprocessing.connection import Connection

LEAVE = b"leave"


class PoolError(Exception):
    def __init__(self, item, message):
        super().__init__(message)
        self.item = item


class WorkerLostError(Exception):
    """The process ended, or its answer could not be sent or read."""


def run_threads(fn, items, *, workers, limit=None):
    refuse_bad_sizes(workers, limit)
    return Crew(items, limit).run([fn] * workers)


def run_processes(fn, items, *, workers, limit=None):
    refuse_bad_sizes(workers, limit)
    try:
        pickle.dumps(fn)
    except Exception:  # noqa: BLE001 - pickling may raise anything
        raise TypeError(f"{getattr(fn, '__qualname__', fn)!s} cannot be pickled") from None
    hands = []
    try:
        for _ in range(workers):
            hands.append(Hand(fn))  # one by one: if one cannot start, the others are closed
        return Crew(items, limit).run(hands)
    finally:
        for hand in hands:
            hand.close()


def run_auto(fn, items, *, kind, workers, limit=None):
    if kind == "io":
        return run_threads(fn, items, workers=workers, limit=limit)
    if kind == "cpu":
        return run_processes(fn, items, workers=workers, limit=limit)
    raise ValueError(f"unknown kind: {kind!r}")


class Crew:
    """Threads that take the next item under a lock until there is none, or until one of them has failed."""

    def __init__(self, items, limit):
        self.source = iter(items)
        self.left = float("inf") if limit is None else limit
        self.lock = threading.Lock()
        self.results = []
        self.error = None

    def run(self, callables):
        threads = [threading.Thread(target=self.work, args=(each,)) for each in callables]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error
        return self.results

    def work(self, call):
        while (taken := self.take()) is not None:
            place, item = taken
            try:
                self.results[place] = call(item)
            except Exception as cause:  # noqa: BLE001 - raised by run()
                error = PoolError(item, f"item {item!r} failed with {cause!r}")
                error.__cause__ = cause
                self.fail(error)

    def take(self):
        with self.lock:
            if self.error is not None or self.left <= 0:
                return None
            try:
                item = next(self.source)
            except StopIteration:
                self.left = 0
                return None
            except BaseException as error:  # noqa: BLE001 - raised by run()
                self.error = error
                return None
            self.left -= 1
            self.results.append(None)
            return len(self.results) - 1, item

    def fail(self, error):
        with self.lock:
            self.error = self.error or error


class Hand:
    """One process; called like the function it runs."""

    def __init__(self, fn):
        self.line, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=serve, args=(other, fn))
        self.process.start()
        other.close()

    def __call__(self, item):
        try:
            self.line.send_bytes(pickle.dumps(item))
            fine, answer = self.line.recv()
        except (EOFError, OSError) as error:
            raise WorkerLostError("the worker process died") from error
        if fine:
            return answer
        raise answer

    def close(self):
        """Ask the process to leave. Closing the line is no message: later forks hold copies of it."""
        with contextlib.suppress(OSError):
            self.line.send_bytes(LEAVE)
        self.line.close()
        self.process.join()


def serve(line: Connection, fn):
    while (frame := line.recv_bytes()) != LEAVE:
        try:
            answer = pickle.dumps((True, fn(pickle.loads(frame))))
        except Exception as error:  # noqa: BLE001 - sent to the parent
            answer = travelling(error)
        line.send_bytes(answer)


def travelling(error):
    try:
        frame = pickle.dumps((False, error))
        pickle.loads(frame)
        return frame
    except Exception:  # noqa: BLE001 - pickling may raise anything
        return pickle.dumps((False, WorkerLostError(repr(error))))


def refuse_bad_sizes(workers, limit):
    if workers < 1:
        raise ValueError("at least one worker is needed")
    if limit is not None and limit < 0:
        raise ValueError("limit must not be negative")
