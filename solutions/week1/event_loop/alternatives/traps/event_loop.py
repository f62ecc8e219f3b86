"""Every wait is a trap: a coroutine yields what it wants as a tuple, and the loop alone keeps the books."""

import heapq
import math
import time
import types
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field


class CancelledError(BaseException):
    pass


@types.coroutine
def trap(*request):
    return (yield request)


@dataclass(eq=False)
class Task:
    loop: "Loop"
    coro: Coroutine
    state: str = "ready"  # ready | asleep | waiting | done
    waits_in: dict["Task", None] | None = None  # in the order in which they came
    awaits: "Task | None" = None
    children: list = field(default_factory=list)  # of the gather that it is in
    cancelling: bool = False
    nap: int = 0
    value: object = None
    error: BaseException | None = None
    waiters: dict["Task", None] = field(default_factory=dict)

    def done(self):
        return self.state == "done"

    def cancelled(self):
        return isinstance(self.error, CancelledError)

    def result(self):
        if not self.done():
            raise RuntimeError("not done")
        if self.error is not None:
            raise self.error
        return self.value

    def cancel(self):
        if self.done():
            return False
        if self.state == "waiting" and self.awaits is not None:
            return self.awaits.cancel()
        self.cancelling = True
        if self.state != "ready":
            self.loop._wake(self)
        return True

    def __await__(self):
        if not self.done():
            yield from trap("join", self)
        return self.result()


class Event:
    def __init__(self, loop):
        self.loop, self.flag, self.waiters = loop, False, {}

    def is_set(self):
        return self.flag

    def set(self):
        self.flag = True
        self.loop._wake_all(self.waiters)

    def clear(self):
        self.flag = False

    async def wait(self):
        if not self.flag:
            await trap("wait", self.waiters)


class Loop:
    def __init__(self, *, clock=time.monotonic, idle=time.sleep):
        self.clock, self.idle = clock, idle
        self.ready = deque()
        self.naps = []  # (deadline, number, task); out of date when the task's own number is another
        self.number = 0
        self.running = False

    def create_task(self, coro):
        if not isinstance(coro, Coroutine):
            raise TypeError("a coroutine object is needed")
        task = Task(self, coro)
        self.ready.append(task)
        return task

    def event(self):
        return Event(self)

    async def sleep(self, seconds):
        if math.isnan(seconds):
            raise ValueError("NaN")
        await (trap("sleep", self.clock() + seconds) if seconds > 0 else trap("yield"))

    async def gather(self, *children):
        tasks = [child if isinstance(child, Task) else self.create_task(child) for child in children]
        open_tasks = [task for task in tasks if not task.done()]
        failed = next((task for task in tasks if task.error is not None), None)
        cancelled = False
        while open_tasks and (cancelled or failed is None):
            try:
                ended = await trap("any", open_tasks)
                failed = ended if ended.error is not None else failed
            except CancelledError:
                cancelled = True
                for task in open_tasks:
                    task.cancel()
            open_tasks = [task for task in open_tasks if not task.done()]
        if cancelled:
            raise CancelledError
        if failed is not None:
            raise failed.error
        return [task.result() for task in tasks]

    def run_until_complete(self, coro):
        if self.running:
            raise RuntimeError("already running")
        main, self.running = self.create_task(coro), True
        try:
            while not main.done():
                self._wait_for_somebody()
                self._turn(self.ready.popleft())
        finally:
            self.running = False
        return main.result()

    def _wait_for_somebody(self):
        while self.naps:
            deadline, number, task = self.naps[0]
            if task.nap != number:
                heapq.heappop(self.naps)
                continue
            left = deadline - self.clock()
            if left <= 0:
                heapq.heappop(self.naps)
                self._wake(task)
            elif self.ready:
                break
            else:
                self.idle(left)
        if not self.ready:
            raise RuntimeError("deadlock")

    def _wake(self, task):
        task.state, task.nap = "ready", 0
        if task.waits_in is not None:
            task.waits_in.pop(task, None)
            task.waits_in = None
        task.awaits = None
        self.ready.append(task)

    def _wake_all(self, waiters):
        for task in list(waiters):
            self._wake(task)

    def _turn(self, task):
        watched, task.children = task.children, []
        answer = next((child for child in watched if child.done()), None)
        for child in watched:
            child.waiters.pop(task, None)
        cancelling, task.cancelling = task.cancelling, False
        try:
            request = task.coro.throw(CancelledError()) if cancelling else task.coro.send(answer)
            while not (isinstance(request, tuple) and request and isinstance(request[0], str)):
                request = task.coro.throw(RuntimeError("made for another loop"))
        except StopIteration as end:
            self._end(task, value=end.value)
        except CancelledError as error:
            self._end(task, error=error)
        except Exception as error:  # noqa: BLE001 - whatever the coroutine raises is its outcome
            self._end(task, error=error)
        else:
            self._serve(task, *request)

    def _end(self, task, value=None, error=None):
        task.state, task.value, task.error = "done", value, error
        for waiter in list(task.waiters):
            if waiter.state == "waiting":
                self._wake(waiter)
        task.waiters.clear()

    def _serve(self, task, word, wanted=None):
        if word == "yield":
            self.ready.append(task)
        elif word == "sleep":
            self.number += 1
            task.state, task.nap = "asleep", self.number
            heapq.heappush(self.naps, (wanted, self.number, task))
        elif word == "wait":
            task.state, task.waits_in = "waiting", wanted
            wanted[task] = None
        elif word == "join":
            task.state, task.awaits, task.waits_in = "waiting", wanted, wanted.waiters
            wanted.waiters[task] = None
        elif word == "any":
            task.state, task.children = "waiting", wanted
            for child in wanted:
                child.waiters[task] = None
