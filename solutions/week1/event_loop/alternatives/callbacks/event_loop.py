"""As asyncio is built: the queue holds callbacks, and a task is one whose callback resumes a coroutine."""

import time
from bisect import insort
from collections import deque
from functools import partial
from inspect import iscoroutine
from itertools import count


class CancelledError(BaseException):
    pass


class Promise:
    """Settled once, by ``settle(outcome)``: a function that returns the result or raises."""

    def __init__(self, on_cancel=None):
        self.outcome = None
        self.then = []
        self.on_cancel = on_cancel

    def settle(self, outcome):
        if self.outcome is None:
            self.outcome = outcome
            then, self.then = self.then, []
            for call in then:
                call()

    def cancel(self):
        if self.outcome is not None:
            return False
        if self.on_cancel is None:
            self.settle(partial(fail, CancelledError()))
        else:
            self.on_cancel()
        return True

    def __await__(self):
        if self.outcome is None:
            yield self
        return self.outcome()


def fail(error):
    raise error


class Task:
    def __init__(self, coro, soon):
        self._coro, self._soon = coro, soon
        self._promise = Promise()
        self._awaited = None
        self._told = None
        soon(self._resume)

    def done(self):
        return self._promise.outcome is not None

    def result(self):
        if not self.done():
            raise RuntimeError("pending")
        return self._promise.outcome()

    def cancelled(self):
        return self.done() and self._failure() is not None and isinstance(self._failure(), CancelledError)

    def _failure(self):
        try:
            self._promise.outcome()
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever the coroutine raises is its outcome
            return error
        return None

    def cancel(self):
        if self.done():
            return False
        if self._awaited is None or not self._awaited.cancel():
            self._told = CancelledError()
        return True

    def __await__(self):
        if not self.done():
            yield self
        return self.result()

    def _resume(self):
        error, self._told, self._awaited = self._told, None, None
        try:
            awaited = self._coro.throw(error) if error else self._coro.send(None)
        except StopIteration as stop:
            self._promise.settle(partial(lambda value: value, stop.value))
        except (Exception, CancelledError) as raised:  # noqa: BLE001 - whatever the coroutine raises is its outcome
            self._promise.settle(partial(fail, raised))
        else:
            if awaited is None:
                self._soon(self._resume)
            elif isinstance(awaited, (Task, Promise)):
                self._awaited = awaited
                promise = awaited._promise if isinstance(awaited, Task) else awaited
                promise.then.append(partial(self._soon, self._resume))
            else:
                self._told = RuntimeError(f"cannot wait for {awaited!r}")
                self._soon(self._resume)


class Event:
    def __init__(self):
        self._promise = Promise()

    def is_set(self):
        return self._promise.outcome is not None

    def set(self):
        self._promise.settle(bool)

    def clear(self):
        if self.is_set():
            self._promise = Promise()

    async def wait(self):
        if not self.is_set():
            mine = Promise()
            self._promise.then.append(partial(mine.settle, bool))
            await mine


class Switch:
    """Gives up one turn."""

    def __await__(self):
        yield


class Loop:
    def __init__(self, *, clock=time.monotonic, idle=time.sleep):
        self._clock, self._idle = clock, idle
        self._queue = deque()
        self._timers = []  # sorted, the next one last
        self._count = count()
        self._is_running = False

    def create_task(self, coro):
        if not iscoroutine(coro):
            raise TypeError("not a coroutine")
        return Task(coro, self._queue.append)

    def event(self):
        return Event()

    def sleep(self, seconds):
        if seconds <= 0:
            return Switch()
        if not seconds > 0:
            raise ValueError("seconds is NaN")
        promise = Promise()
        insort(self._timers, (-(self._clock() + seconds), -next(self._count), promise))
        return promise

    def gather(self, *children):
        tasks = [child if isinstance(child, Task) else self.create_task(child) for child in children]
        is_cancelled = False

        def cancel_all():
            nonlocal is_cancelled
            is_cancelled = True
            for task in tasks:
                task.cancel()

        def look():
            failed = next((task for task in tasks if task.done() and task._failure()), None)
            if is_cancelled:
                if all(task.done() for task in tasks):
                    together.settle(partial(fail, CancelledError()))
            elif failed is not None:
                together.settle(failed.result)
            elif all(task.done() for task in tasks):
                together.settle(lambda: [task.result() for task in tasks])

        together = Promise(on_cancel=cancel_all)
        for task in tasks:
            task._promise.then.append(look)
        look()
        return together

    def run_until_complete(self, coro):
        if self._is_running:
            raise RuntimeError("the loop runs")
        main = self.create_task(coro)
        self._is_running = True
        try:
            while not main.done():
                self._round(main)
        finally:
            self._is_running = False
        return main.result()

    def _round(self, main):
        """Let the timers ring that are due, then call what is in the queue now."""
        while self._timers and self._timers[-1][2].outcome is not None:
            self._timers.pop()
        if not self._queue:
            if not self._timers:
                raise RuntimeError("nobody can go on")
            left = -self._timers[-1][0] - self._clock()
            if left > 0:
                self._idle(left)
        if self._timers:
            now = self._clock()
            while self._timers and -self._timers[-1][0] <= now:
                self._timers.pop()[2].settle(bool)
        for _ in range(len(self._queue)):
            if main.done():
                return
            self._queue.popleft()()
