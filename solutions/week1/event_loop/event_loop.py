"""A cooperative scheduler: tasks take turns on one thread, and whatever a task waits for is a future."""

from __future__ import annotations

import heapq
import inspect
import time
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from itertools import count
from typing import Any


class CancelledError(BaseException):
    """Raised in a cancelled task, at the place where it waits."""


class Future:
    """A result that comes once. Those who wait for it are told in the order in which they came."""

    def __init__(self) -> None:
        self._done = False
        self._value: Any
        self._error: BaseException | None = None
        self._listeners: list[Callable[[], object]] = []

    def done(self) -> bool:
        return self._done

    def cancelled(self) -> bool:
        return isinstance(self._error, CancelledError)

    def result(self) -> Any:
        if not self._done:
            raise RuntimeError("there is no result yet")
        if self._error is not None:
            raise self._error
        return self._value

    def cancel(self) -> object:
        """Nobody waits for it any more; only a task says whether that came in time."""
        self.finish(error=CancelledError())

    def finish(self, value: Any = None, error: BaseException | None = None) -> None:
        """Set the outcome, unless there is one."""
        if self._done:
            return
        self._done, self._value, self._error = True, value, error
        for listener in self._listeners:
            listener()

    def when_done(self, listener: Callable[[], object]) -> None:
        if self._done:
            listener()
        else:
            self._listeners.append(listener)

    def __await__(self) -> Generator[Future, None, Any]:
        if not self._done:
            yield self
        return self.result()


class Task(Future):
    """A coroutine that takes turns. What it yields is the future it waits for; None is one turn of the others."""

    def __init__(self, coro: Coroutine[Any, Any, Any], ready: deque[Task]) -> None:
        super().__init__()
        self._coro = coro
        self._ready = ready
        self._waits_for: Future | None = None
        self._throw: BaseException | None = None
        self._get_ready()

    def cancel(self) -> bool:
        if self._done:
            return False
        if self._waits_for is None or self._waits_for.done():
            self._throw = CancelledError()  # it waits for nothing but its turn, and is told there
        else:
            self._waits_for.cancel()
        return True

    def take_turn(self) -> None:
        error, self._throw = self._throw, None
        try:
            wanted = self._coro.send(None) if error is None else self._coro.throw(error)
        except StopIteration as stop:
            self.finish(stop.value)
        except (Exception, CancelledError) as raised:  # noqa: BLE001 - whatever the coroutine raises is its outcome
            self.finish(error=raised)
        else:
            self._wait_for(wanted)

    def _wait_for(self, wanted: object) -> None:
        if isinstance(wanted, Future):
            self._waits_for = wanted
            wanted.when_done(self._get_ready)
            return
        if wanted is not None:
            self._throw = RuntimeError(f"this loop cannot wait for {wanted!r}")
        self._get_ready()

    def _get_ready(self) -> None:
        self._ready.append(self)


class Gathering(Future):
    """All results of several tasks, or the first failure. Cancelled, it cancels them and waits for their ends."""

    def __init__(self, tasks: list[Task]) -> None:
        super().__init__()
        self._tasks = tasks
        self._running = len(tasks)
        self._cancellation: CancelledError | None = None
        for task in tasks:
            task.when_done(lambda task=task: self._one_ended(task))
        if not tasks:
            self.finish([])

    def cancel(self) -> None:
        self._cancellation = CancelledError()
        for task in self._tasks:
            task.cancel()

    def _one_ended(self, task: Task) -> None:
        self._running -= 1
        if task._error is not None and self._cancellation is None:
            self.finish(error=task._error)
        elif not self._running:
            self.finish([task._value for task in self._tasks], self._cancellation)


class Event:
    """A flag that tasks wait for."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiting: list[Future] = []

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.finish()

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> None:
        if not self._is_set:
            future = Future()
            self._waiting.append(future)
            await future


class Loop:
    """Gives each ready task its turn, first come, first served, and idles until the next sleeper is due."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, idle: Callable[[float], object] = time.sleep
    ) -> None:
        self._clock = clock
        self._idle = idle
        self._ready: deque[Task] = deque()
        self._sleepers: list[tuple[float, int, Future]] = []  # a heap; the number decides between equal times
        self._numbers = count()
        self._main: Task | None = None  # while the loop runs

    def create_task(self, coro: Coroutine[Any, Any, Any]) -> Task:
        if not inspect.iscoroutine(coro):
            raise TypeError(f"expected a coroutine object, got {coro!r}")
        return Task(coro, self._ready)

    def run_until_complete(self, coro: Coroutine[Any, Any, Any]) -> Any:
        if self._main is not None:
            raise RuntimeError("this loop is running already")
        main = self._main = self.create_task(coro)
        try:
            while not main.done():
                self._wake_sleepers()
                if not self._ready:
                    raise RuntimeError("deadlock: every task waits for another")
                self._ready.popleft().take_turn()
        finally:
            self._main = None
        return main.result()

    async def sleep(self, seconds: float) -> None:
        if seconds != seconds:
            raise ValueError("cannot sleep for NaN seconds")
        if seconds <= 0:
            await _let_others_run()
            return
        future = Future()
        heapq.heappush(self._sleepers, (self._clock() + seconds, next(self._numbers), future))
        await future

    def gather(self, *children: Task | Coroutine[Any, Any, Any]) -> Gathering:
        return Gathering([child if isinstance(child, Task) else self.create_task(child) for child in children])

    def event(self) -> Event:
        return Event()

    def _wake_sleepers(self) -> None:
        """Wake all who are due; while nobody is ready, idle until one is."""
        while self._sleepers:
            due, _, future = self._sleepers[0]
            left = 0.0 if future.done() else due - self._clock()  # done already: it was cancelled
            if left <= 0:
                heapq.heappop(self._sleepers)
                future.finish()
            elif self._ready:
                return
            else:
                self._idle(left)


@types.coroutine
def _let_others_run() -> Generator[None, None, None]:
    yield
