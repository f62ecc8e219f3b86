"""Plays small programs of tasks on the submission's loop and returns what was seen.

A program is a list of steps, each a line of text such as "sleep 2", "start a" or "try await a".
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import event_loop

START = 1000.0  # of the clock; the log's times count from here
MAX_READINGS = 5_000  # of the clock, between two moments at which it moved


class StuckError(BaseException):
    """Ends a loop that asks a clock again and again which only idling can move."""


class Boom(Exception):
    """Raised by the step "raise"."""


class Clock:
    """Moves when the loop idles, and by the step "work"."""

    def __init__(self, early: bool = False, late: float = 0.0, patience: int = MAX_READINGS) -> None:
        self._now = START
        self._early, self._late, self._patience = early, late, patience
        self.idled: list[float] = []
        self.readings = 0
        self._since_move = 0

    def time(self) -> float:
        self.readings += 1
        self._since_move += 1
        if self._since_move > self._patience:
            raise StuckError
        return self._now

    def idle(self, seconds: float) -> None:
        self.idled.append(seconds)
        self.move(seconds / 2 if self._early and seconds > 0.25 else seconds + self._late)

    def move(self, seconds: float) -> None:
        if seconds > 0:
            self._since_move = 0
            self._now += seconds

    def since_start(self) -> float:
        return self._now - START


class Foreign:
    """Awaitable, but made for another loop."""

    def __await__(self) -> Generator[Any, None, None]:
        yield 42


class Stage:
    """The tasks and events of one play."""

    def __init__(self, programs: dict[str, list[str]], clock: Clock) -> None:
        self.programs = programs
        self.clock = clock
        self.loop = event_loop.Loop(clock=clock.time, idle=clock.idle)
        self.tasks: dict[str, Any] = {}
        self.events: dict[str, Any] = {}
        self.log: list[str] = []

    async def run(self, name: str) -> Any:
        try:
            for step in self.programs[name]:
                word, _, rest = step.partition(" ")
                if word == "return":
                    return rest
                await self.step(name, word, rest)
        finally:
            for step in self.programs.get(f"{name} finally", []):
                await self.step(name, *step.partition(" ")[::2])

    async def step(self, name: str, word: str, rest: str) -> None:
        match word:
            case "say":
                self.say(name, rest)
            case "sleep":
                await self.loop.sleep(float(rest))
            case "work":
                self.clock.move(float(rest))
            case "start":
                self.tasks[rest] = self.loop.create_task(self.run(rest))
            case "await":
                self.say(name, f"got {await self.tasks[rest]}")
            case "gather":
                children = [self.tasks.get(child) or self.run(child) for child in rest.split()]
                self.say(name, f"got {await self.loop.gather(*children)}")
            case "wait":
                await self.event(rest).wait()
            case "set":
                self.event(rest).set()
            case "clear":
                self.event(rest).clear()
            case "flag":
                self.say(name, f"{rest} is {self.event(rest).is_set()}")
            case "cancel":
                self.say(name, f"cancel {rest}: {self.tasks[rest].cancel()}")
            case "look":
                self.say(name, f"{rest} is {state(self.tasks[rest])}")
            case "raise":
                raise Boom(rest)
            case "foreign":
                await Foreign()
            case "nested":
                inner = self.run(rest)
                try:
                    self.loop.run_until_complete(inner)
                finally:
                    inner.close()
            case "try":
                inner, _, rest = rest.partition(" ")
                try:
                    await self.step(name, inner, rest)
                except (Exception, event_loop.CancelledError) as error:  # noqa: BLE001 - it is reported
                    self.say(name, f"caught {described(error)}")
            case _:
                raise KeyError(word)

    def event(self, name: str) -> Any:
        if name not in self.events:
            self.events[name] = self.loop.event()
        return self.events[name]

    def say(self, name: str, text: str) -> None:
        self.log.append(f"{self.clock.since_start():g} {name}: {text}")


def play(
    programs: dict[str, list[str]], *, mains: tuple[str, ...] = ("main",), early: bool = False, late: float = 0.0
) -> dict[str, Any]:
    """Run each of ``mains`` to its end on one loop, and tell what happened in which order.

    An idle loop wakes ``early``, half-way through, or ``late`` by that many seconds. All this runs inside a
    coroutine of asyncio, which a loop that asyncio hides behind cannot do.
    """
    clock = Clock(early, late)

    def body() -> dict[str, Any]:
        stage = Stage(programs, clock)
        ended = []
        for main in mains:
            try:
                ended.append(f"returned {stage.loop.run_until_complete(stage.run(main))}")
            except StuckError:
                ended.append(f"read the clock {MAX_READINGS} times without letting time pass")
            except (Exception, event_loop.CancelledError) as error:  # noqa: BLE001 - it is reported
                ended.append(f"raised {described(error)}")
        return {"log": list(stage.log), "ended": ended, "idled": clock.idled, "readings": clock.readings}

    return beside_asyncio(body)


def outcome(value: Any) -> dict[str, Any]:
    """What becomes of ``value`` when a coroutine returns it, and of an error that one raises."""

    async def give() -> Any:
        return value

    error = Boom("no")

    async def fail() -> None:
        raise error

    async def both(loop: Any) -> list[bool]:
        task, failing = loop.create_task(give()), loop.create_task(fail())
        seen = [await task is value, await task is value, task.result() is value]
        for _ in range(2):
            try:
                await failing
            except Boom as raised:
                seen.append(raised is error)
        return seen

    def body() -> dict[str, Any]:
        loop = event_loop.Loop(clock=lambda: 0.0, idle=lambda _: None)
        seen = {"returned": loop.run_until_complete(give()), "same": loop.run_until_complete(both(loop))}
        try:
            loop.run_until_complete(fail())
        except Boom as raised:
            seen["raised the same"] = raised is error
        return seen

    return beside_asyncio(body)


def refusals() -> dict[str, str]:
    """How a loop answers to what it cannot use."""

    async def sleep_for_nan(loop: Any) -> None:
        await loop.sleep(float("nan"))

    def not_a_coroutine() -> None:
        raise Boom("called")

    def body() -> dict[str, str]:
        loop = event_loop.Loop(clock=lambda: 0.0, idle=lambda _: None)
        tried: dict[str, Callable[[], Any]] = {
            "create_task(5)": lambda: loop.create_task(5),
            "create_task(function)": lambda: loop.create_task(not_a_coroutine),
            "run_until_complete(None)": lambda: loop.run_until_complete(None),
            "sleep(nan)": lambda: loop.run_until_complete(sleep_for_nan(loop)),
        }
        return {name: outcome_of(call) for name, call in tried.items()}

    return beside_asyncio(body)


def crowd(size: int) -> int:
    """So many sleepers, all due at different times; how many woke."""
    clock = Clock(patience=10 * size)
    loop = event_loop.Loop(clock=clock.time, idle=clock.idle)
    woken = 0

    async def sleeper(seconds: float) -> None:
        nonlocal woken
        await loop.sleep(seconds)
        woken += 1

    async def main() -> None:
        tasks = [loop.create_task(sleeper(1 + number * 7919 % size / 1024)) for number in range(size)]
        for task in tasks:
            await task

    loop.run_until_complete(main())
    return woken


def chain(length: int) -> int:
    """So many tasks, each of which awaits the one before it; what the last one returns."""
    loop = event_loop.Loop(clock=lambda: 0.0, idle=lambda _: None)

    async def link(before: Awaitable[int] | None) -> int:
        return 1 if before is None else 1 + await before

    async def main() -> int:
        last: Any = None
        for _ in range(length):
            last = loop.create_task(link(last))
        return int(await last)

    return int(loop.run_until_complete(main()))


def leftovers(count: int) -> dict[str, int]:
    """How many of the results that ``count`` tasks returned are still in memory when all have ended."""

    class Result:
        pass

    results: list[weakref.ref[Any]] = []
    clock = Clock()
    loop = event_loop.Loop(clock=clock.time, idle=clock.idle)
    flag = loop.event()

    async def work(kind: int) -> Result:
        result = Result()
        results.append(weakref.ref(result))
        if kind == 0:
            await loop.sleep(0)
        elif kind == 1:
            await loop.sleep(1)
        else:
            await flag.wait()
        return result

    async def main() -> dict[str, int]:
        for number in range(count):
            task = loop.create_task(work(number % 3))
            await loop.sleep(0)
            flag.set()
            await task
            flag.clear()
        del task
        gc.collect()
        return {"made": len(results), "left": sum(reference() is not None for reference in results)}

    return dict(loop.run_until_complete(main()))


def beside_asyncio(body: Callable[[], Any]) -> Any:
    async def main() -> Any:
        return body()

    return asyncio.run(main())


def state(task: Any) -> str:
    return f"done: {task.done()}, cancelled: {task.cancelled()}, result: {outcome_of(task.result)}"


def outcome_of(call: Callable[[], Any]) -> str:
    try:
        return str(call())
    except (Exception, event_loop.CancelledError) as error:  # noqa: BLE001 - it is reported
        return described(error)


def described(error: BaseException) -> str:
    return f"Boom {error}" if isinstance(error, Boom) else type(error).__name__
