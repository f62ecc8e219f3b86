"""A cooperative scheduler for coroutines, on one thread and without asyncio. The contract is in README.md.

A coroutine that has to wait yields a `_Wait` to the loop; the loop parks the task there and resumes it once the wait
has put it back into the queue. No value is sent back: whoever waited looks for itself.
"""

import heapq
import inspect
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

STALE_SLEEPS = 64  # cancelled sleeps that may stay in the heap without further ado


class CancelledError(BaseException):
    """Raised in a cancelled task, at the `await` where it waits."""


class _Wait:
    """What a task can wait for."""

    _loop: "Loop"

    def _park(self, task: "Task[Any]") -> None:
        """Have the task queued when the time has come. It is in no queue now."""
        raise NotImplementedError

    def _forget(self, task: "Task[Any]") -> None:
        """The task waits no longer."""
        raise NotImplementedError


class Task(_Wait, Generic[T]):
    """A coroutine that a loop runs, and the result or exception it will end with. Made by `Loop.create_task`."""

    def __init__(self, loop: "Loop", coro: Coroutine[Any, Any, T]) -> None:
        self._loop = loop
        self._coro: Coroutine[Any, Any, T] | None = coro  # None: it has ended
        self._value: Any = None
        self._exception: BaseException | None = None
        self._ended_as = 0  # smaller numbers ended earlier
        self._waiters: dict[Task[Any] | _GatherWait, None] = {}
        self._waits_for: _Wait | None = None  # None: it is in the queue, has its turn, or has ended
        self._cancel_requested = False

    def done(self) -> bool:
        """Whether the coroutine has ended, in whatever way."""
        return self._coro is None

    def cancelled(self) -> bool:
        """Whether it has ended by a CancelledError."""
        return isinstance(self._exception, CancelledError)

    def result(self) -> T:
        """What it returned; raises what it raised. RuntimeError: it has not ended yet."""
        if self._coro is not None:
            raise RuntimeError("the task has not ended yet")
        if self._exception is not None:
            raise self._exception
        return self._value

    def cancel(self) -> bool:
        """Have CancelledError raised where the task waits. False: it has ended already."""
        if self.done():
            return False
        interrupted = False
        seen: set[Task[Any]] = set()
        todo: list[Task[Any]] = [self]
        while todo:
            task = todo.pop()
            if task.done() or task in seen:
                continue
            seen.add(task)
            wait = task._waits_for
            if isinstance(wait, Task):
                todo.append(wait)
            elif isinstance(wait, _GatherWait):
                wait.cancelled = True
                todo.extend(reversed(wait.pending))
            else:
                task._interrupt()
                interrupted = True
        if not interrupted:  # tasks that await one another in a ring
            self._interrupt()
        return True

    def __await__(self) -> Generator[Any, Any, T]:
        """Wait for the end, then as `result()`."""
        if not self.done():
            yield self
        return self.result()

    def _interrupt(self) -> None:
        """CancelledError in the next turn, which is in the queue afterwards."""
        self._cancel_requested = True
        wait = self._waits_for
        if wait is not None:
            wait._forget(self)
            self._loop._wake(self)

    def _end(self, value: Any, exception: BaseException | None) -> None:
        self._coro = None
        self._value = value
        self._exception = exception
        self._ended_as = next(self._loop._numbers)
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters:
            waiter._task_ended(self)

    def _task_ended(self, _other: "Task[Any]") -> None:
        self._loop._wake(self)

    def _park(self, task: "Task[Any]") -> None:
        self._waiters[task] = None
        task._waits_for = self

    def _forget(self, task: "Task[Any]") -> None:
        self._waiters.pop(task, None)


class Event(_Wait):
    """A flag that tasks wait for. Made by `Loop.event`; not set at first."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self._flag = False
        self._waiters: dict[Task[Any], None] = {}

    def is_set(self) -> bool:
        return self._flag

    def set(self) -> None:
        """Set the flag; every task that waits for it goes on."""
        self._flag = True
        waiters, self._waiters = self._waiters, {}
        for task in waiters:
            self._loop._wake(task)

    def clear(self) -> None:
        """Reset the flag. Tasks for which `set` was called go on all the same."""
        self._flag = False

    async def wait(self) -> None:
        """Return once the flag is set."""
        if not self._flag:
            await _Trap(self)

    def _park(self, task: Task[Any]) -> None:
        self._waiters[task] = None
        task._waits_for = self

    def _forget(self, task: Task[Any]) -> None:
        self._waiters.pop(task, None)


class _Trap:
    """To await this is to wait."""

    def __init__(self, wait: _Wait) -> None:
        self._wait = wait

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._wait


class _Sleep:
    """What `Loop.sleep` gives."""

    def __init__(self, loop: "Loop", seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds

    def __await__(self) -> Generator[Any, Any, None]:
        if self._seconds > 0:
            yield _SleepWait(self._loop, self._loop._clock() + self._seconds)
        else:
            yield _TurnWait(self._loop)


class _TurnWait(_Wait):
    """Wait until the others have had a turn."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop

    def _park(self, task: Task[Any]) -> None:
        self._loop._wake(task)

    def _forget(self, task: Task[Any]) -> None:
        pass


class _SleepWait(_Wait):
    """Wait until a deadline. In the loop's heap; without a task, once it was cancelled."""

    def __init__(self, loop: "Loop", deadline: float) -> None:
        self._loop = loop
        self.deadline = deadline
        self.number = 0
        self.task: Task[Any] | None = None

    def __lt__(self, other: "_SleepWait") -> bool:
        return (self.deadline, self.number) < (other.deadline, other.number)

    def _park(self, task: Task[Any]) -> None:
        self.number = next(self._loop._numbers)
        self.task = task
        task._waits_for = self
        heapq.heappush(self._loop._sleepers, self)

    def _forget(self, task: Task[Any]) -> None:
        self.task = None
        self._loop._sleep_cancelled()


class _Gather:
    """What `Loop.gather` gives."""

    def __init__(self, loop: "Loop", children: list[Task[Any]]) -> None:
        self._loop = loop
        self._children = children

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        wait = _GatherWait(self._loop, self._children)
        del self  # an exception's traceback shall keep no results
        if wait.pending:
            yield wait
        return wait.outcome()


class _GatherWait(_Wait):
    """Wait until all of the children have ended, or until one has failed."""

    def __init__(self, loop: "Loop", children: list[Task[Any]]) -> None:
        self._loop = loop
        self.children = children
        self.pending: dict[Task[Any], None] = {child: None for child in children if not child.done()}
        self.cancelled = False
        self.failure: BaseException | None = None
        self.task: Task[Any] | None = None
        failed = [child for child in children if child._exception is not None]
        if failed:
            self.failure = min(failed, key=lambda child: child._ended_as)._exception

    def outcome(self) -> list[Any]:
        children, self.children, self.task = self.children, [], None
        if not self.cancelled and self.failure is None:
            return [child._value for child in children]
        del children
        failure, self.failure = self.failure, None
        try:
            raise CancelledError if self.cancelled or failure is None else failure
        finally:
            del failure

    def _park(self, task: Task[Any]) -> None:
        if self.failure is not None:  # it is decided already
            self._loop._wake(task)
            return
        self.task = task
        task._waits_for = self
        for child in self.pending:
            child._waiters[self] = None

    def _forget(self, task: Task[Any]) -> None:
        self.task = None
        for child in self.pending:
            child._waiters.pop(self, None)
        self.pending = {}

    def _task_ended(self, child: Task[Any]) -> None:
        del self.pending[child]
        task = self.task
        if task is None:
            return
        if not self.cancelled and child._exception is not None:
            self.failure = child._exception
            self._forget(task)
            self._loop._wake(task)
        elif not self.pending:
            self._loop._wake(task)


class Loop:
    """Gives each ready task its turn, in the order in which they got ready, and idles while none is."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, idle: Callable[[float], object] = time.sleep
    ) -> None:
        """`clock()` is the time in seconds. `idle(seconds)` blocks for about so long."""
        self._clock = clock
        self._idle = idle
        self._queue: deque[Task[Any]] = deque()
        self._sleepers: list[_SleepWait] = []  # a heap
        self._stale = 0  # cancelled sleeps in it
        self._numbers = itertools.count(1)
        self._running = False

    def create_task(self, coro: Coroutine[Any, Any, T]) -> Task[T]:
        """Put a coroutine at the end of the queue. It does not run yet. TypeError: no coroutine object."""
        if not inspect.iscoroutine(coro):
            raise TypeError(f"a coroutine object is needed, not {type(coro).__name__}")
        task = Task(self, coro)
        self._queue.append(task)
        return task

    def run_until_complete(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run the loop until this coroutine has ended; return or raise what it returned or raised.

        RuntimeError: the loop runs already, or no task can ever go on. TypeError: no coroutine object.
        """
        if not inspect.iscoroutine(coro):
            raise TypeError(f"a coroutine object is needed, not {type(coro).__name__}")
        if self._running:
            coro.close()
            raise RuntimeError("the loop runs already")
        self._running = True
        try:
            self._wake_due()  # sleepers of an earlier run, whose time came before this one
            main = self.create_task(coro)
            while not main.done():
                if self._queue:
                    self._turn(self._queue.popleft())
                else:
                    self._wait_for_sleepers()
        finally:
            self._running = False
        return main.result()

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait so many seconds; 0 or less: let the others have one turn. ValueError: NaN."""
        if seconds != seconds:
            raise ValueError("cannot sleep NaN seconds")
        return _Sleep(self, seconds)

    def gather(self, *children: Task[Any] | Coroutine[Any, Any, Any]) -> Awaitable[list[Any]]:
        """Run all at once; their results in the order of the arguments, or the first failure as it happens."""
        for child in children:
            if not isinstance(child, Task) and not inspect.iscoroutine(child):
                raise TypeError(f"a coroutine object or a task is needed, not {type(child).__name__}")
        tasks = [child if isinstance(child, Task) else self.create_task(child) for child in children]
        return _Gather(self, tasks)

    def event(self) -> Event:
        """A new event of this loop."""
        return Event(self)

    def _wake(self, task: Task[Any]) -> None:
        task._waits_for = None
        self._queue.append(task)

    def _turn(self, task: Task[Any]) -> None:
        """Resume the task until it waits or ends."""
        coro = task._coro
        assert coro is not None
        error: BaseException | None = None
        value: Any = None
        wait: Any = None
        if task._cancel_requested:
            task._cancel_requested = False
            error = CancelledError()
        try:
            while True:
                wait = coro.send(None) if error is None else coro.throw(error)
                error = None
                if isinstance(wait, _Wait) and wait._loop is self:
                    break
                error = RuntimeError(f"a task of this loop cannot await what yields {wait!r}")
        except StopIteration as stop:
            wait, value, error = None, stop.value, None
        except BaseException as raised:  # noqa: BLE001 - it is the task's outcome
            wait, error = None, raised
        try:
            self._wake_due()  # their time came before what follows
            if wait is None:
                task._end(value, error)
                if error is not None and not isinstance(error, (Exception, CancelledError)):
                    raise error  # KeyboardInterrupt and the like stop the loop, too
            elif task._cancel_requested:  # it cancelled itself
                self._wake(task)
            else:
                wait._park(task)
        finally:
            del error

    def _wake_due(self) -> None:
        """Queue the sleepers whose time has come."""
        if self._sleepers:
            self._wake_until(self._clock())

    def _wake_until(self, now: float) -> None:
        while self._sleepers and (self._sleepers[0].task is None or self._sleepers[0].deadline <= now):
            task = heapq.heappop(self._sleepers).task
            if task is None:
                self._stale -= 1
            else:
                self._wake(task)

    def _wait_for_sleepers(self) -> None:
        """No task is ready: queue sleepers that are due; if there are none, idle until the next one is."""
        while self._sleepers and self._sleepers[0].task is None:
            heapq.heappop(self._sleepers)
            self._stale -= 1
        if not self._sleepers:
            raise RuntimeError("deadlock: no task is ready, and nobody sleeps")
        deadline = self._sleepers[0].deadline
        now = self._clock()
        if now < deadline:
            self._idle(deadline - now)  # and look again
        else:
            self._wake_until(now)

    def _sleep_cancelled(self) -> None:
        self._stale += 1
        if self._stale > STALE_SLEEPS and 2 * self._stale > len(self._sleepers):
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper.task is not None]
            heapq.heapify(self._sleepers)
            self._stale = 0
