"""Runs handle() over scripted functions beside a heartbeat, and returns what happened in which order.

A request of the script is (kind, number). Conditions, which functions and the consumer wait for, are texts: "beats 3"
(so many heartbeats from now on), "closing 3" (so many since aclose() or cancel() was called), "start 2", "end 2" and
"got 2" (of the request of that number).
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import offload

PATIENCE = 1_500  # looks at the log in which nothing has happened, at least 1 ms apart; heartbeats as far apart
AFTERWARDS = 20  # heartbeats for which calls are watched that were given up
ENDLESS = 500  # requests
REQUEST_ID: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="none")


class Journal:
    """Events in their order: draw, start, end of a request; got, when the consumer has its reply."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int, int]] = []  # what, which request, on which thread
        self.seen: set[str] = set()
        self.contexts: set[str] = set()
        self.beats = 0
        self.closing_at = 1 << 60  # the heartbeat
        self.given_up: list[str] = []
        self._lock = threading.Lock()

    def note(self, event: str, number: int) -> None:
        with self._lock:
            self.events.append((event, number, threading.get_ident()))
            self.seen.add(f"{event} {number}")

    def holds(self, condition: str, beats_then: int) -> bool:
        word, _, number = condition.partition(" ")
        if word == "beats":
            return self.beats >= beats_then + int(number)
        if word == "closing":
            return self.beats >= self.closing_at + int(number)
        return condition in self.seen

    def wait(self, conditions: list[str], who: str) -> None:
        """In a worker. One wait that is given up ends every later one at once."""
        then = self.beats
        quiet = count = 0
        while quiet < PATIENCE:
            missing = [condition for condition in conditions if not self.holds(condition, then)]
            if not missing:
                return
            if self.given_up:
                break
            time.sleep(0.001)
            quiet = quiet + 1 if len(self.events) == count else 0
            count = len(self.events)
        self.given_up.append(f"{who} waited for {missing[0]} in vain")

    async def wait_in_loop(self, conditions: list[str], who: str) -> None:
        then = self.beats
        quiet = count = 0
        while quiet < PATIENCE:
            missing = [condition for condition in conditions if not self.holds(condition, then)]
            if not missing:
                return
            if self.given_up:
                break
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if len(self.events) == count else 0
            count = len(self.events)
        self.given_up.append(f"{who} waited for {missing[0]} in vain")

    def running(self) -> list[int]:
        with self._lock:
            ended = {number for event, number, _ in self.events if event == "end"}
            return [number for event, number, _ in self.events if event == "start" and number not in ended]


class Script:
    """The two functions and the requests."""

    def __init__(self, journal: Journal, waits: dict[int, list[str]], fates: dict[int, str], breaks_at: int) -> None:
        self.journal, self.waits, self.fates, self.breaks_at = journal, waits, fates, breaks_at

    def hash_fn(self, number: int) -> str:
        return self._run("hash", number)

    def fetch_fn(self, number: int) -> str:
        return self._run("fetch", number)

    def _run(self, kind: str, number: int) -> str:
        self.journal.note("start", number)
        self.journal.contexts.add(REQUEST_ID.get())
        try:
            if number in self.waits:
                self.journal.wait(self.waits[number], f"request {number}")
            if number in self.fates:
                raise ERRORS[self.fates[number]](f"no {number}")
        finally:
            self.journal.note("end", number)
        return f"{kind} {number}"

    def requests(self, kinds: list[str], endless: bool) -> Iterator[tuple[str, int]]:
        number = 0
        while number < (ENDLESS if endless else len(kinds)):
            if number == self.breaks_at:
                raise OSError("the source broke")
            self.journal.note("draw", number)
            yield kinds[number % len(kinds)], number
            number += 1


class Refused(Exception):
    """Takes two arguments, as real exceptions do."""

    def __init__(self, text: str, code: int = 7) -> None:
        super().__init__(text, code)


ERRORS: dict[str, type[Exception]] = {
    "value error": ValueError,
    "stop iteration": StopIteration,
    "timeout": TimeoutError,
    "refused": Refused,
    "key error": KeyError,
}


def watch(
    kinds: list[str],
    *,
    waits: dict[int, list[str]] | None = None,
    fates: dict[int, str] | None = None,
    breaks_at: int = -1,
    endless: bool = False,
    pauses: dict[int, list[str]] | None = None,
    close_after: int | None = None,
    cancel_when: list[str] | None = None,
    after: list[str] | None = None,
    **options: int,
) -> dict[str, Any]:
    """Handle requests 0, 1, … of these kinds and say what happened.

    ``waits[n]`` is what the function waits for in request n, ``pauses[n]`` what the consumer waits for before it takes
    reply n. The consumer closes handle ``close_after`` so many replies, or is cancelled when ``cancel_when`` holds.
    """
    journal = Journal()
    script = Script(journal, waits or {}, fates or {}, breaks_at)
    replies: list[Any] = []

    async def consume() -> None:
        REQUEST_ID.set("r-1")
        stream = offload.handle(
            script.requests(kinds, endless), hash_fn=script.hash_fn, fetch_fn=script.fetch_fn, **options
        )
        number = 0
        while close_after is None or number < close_after:
            if pauses and number in pauses:
                await journal.wait_in_loop(pauses[number], "the consumer")
            try:
                reply = await anext(stream)
            except StopAsyncIteration:
                return
            journal.note("got", number)
            replies.append(described(reply))
            number += 1
        journal.closing_at = journal.beats
        await stream.aclose()

    async def main() -> dict[str, Any]:
        heart = asyncio.create_task(beat(journal))
        task = asyncio.create_task(consume())
        if cancel_when is not None:
            await journal.wait_in_loop(cancel_when, "the caller")
            journal.closing_at = journal.beats
            task.cancel()
        await end_of(task, journal)
        ended, running, count = ending(task), journal.running(), len(journal.events)
        for _ in range(AFTERWARDS if ended != "returned" or close_after is not None else 0):
            await asyncio.sleep(0.001)
        late = [f"{event} {number}" for event, number, _ in journal.events[count:]]
        heart.cancel()
        return {"ended": ended, "running": running, "late": late}

    seen = asyncio.run(main())
    return {
        **seen,
        "replies": replies,
        "events": journal.events,
        "given up": journal.given_up,
        "contexts": sorted(journal.contexts),
        "loop's thread": threading.get_ident(),
    }


def side_by_side() -> dict[str, Any]:
    """Two calls of handle in one loop, one worker each; either's request waits for the other's to start."""
    journal = Journal()
    script = Script(journal, {0: ["start 1"], 1: ["start 0"]}, {}, -1)

    async def consume(number: int) -> list[Any]:
        one = [("hash", number)]
        stream = offload.handle(one, hash_fn=script.hash_fn, fetch_fn=script.fetch_fn, hash_workers=1, fetch_workers=1)
        return [described(reply) async for reply in stream]

    async def main() -> list[list[Any]]:
        return list(await asyncio.gather(consume(0), consume(1)))

    return {"replies": asyncio.run(main()), "given up": journal.given_up}


def leftovers(count: int, **options: int) -> dict[str, Any]:
    """The most values of ``count`` replies in memory while the consumer drops each, and the threads left at the end."""

    class Value:
        pass

    values: list[weakref.ref[Value]] = []

    def make(_number: int) -> Value:
        value = Value()
        values.append(weakref.ref(value))
        return value

    async def main() -> dict[str, Any]:
        most = taken = 0
        requests = ((("hash", "fetch")[number % 2], number) for number in range(count))
        async for reply in offload.handle(requests, hash_fn=make, fetch_fn=make, **options):
            taken += isinstance(reply.value, Value)
            del reply
            if taken % 50 == 0:
                gc.collect()
                most = max(most, sum(value() is not None for value in values))
        for _ in range(PATIENCE):
            left = [thread.name for thread in threading.enumerate() if thread not in before]
            left = [name for name in left if not name.startswith("asyncio_")]  # the loop's own executor
            if not left:
                break
            await asyncio.sleep(0.001)
        return {"taken": taken, "most": most, "left": left}

    before = threading.enumerate()
    return asyncio.run(main())


async def end_of(task: asyncio.Task[None], journal: Journal) -> None:
    """Return when the task has ended, or when nothing has happened for very many heartbeats."""
    quiet = count = 0
    while not task.done() and quiet < PATIENCE:
        await asyncio.sleep(0.001)
        quiet = quiet + 1 if len(journal.events) == count else 0
        count = len(journal.events)


async def beat(journal: Journal) -> None:
    while True:
        journal.beats += 1
        await asyncio.sleep(0.001)


def ending(task: asyncio.Task[None]) -> str:
    if not task.done():
        return "has not ended"
    if task.cancelled():
        return "CancelledError"
    error = task.exception()
    return "returned" if error is None else type(error).__name__


def described(reply: Any) -> tuple[Any, Any, str]:
    error = reply.error
    return reply.request, reply.value, "" if error is None else f"{type(error).__name__}{error.args}"
