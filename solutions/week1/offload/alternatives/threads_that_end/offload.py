"""Run blocking and CPU-heavy functions beside an event loop that stays responsive. The contract is in README.md.

There is no pool to shut down: a worker thread lives only as long as it finds calls to make. It is born when a call is
added while fewer than the allowed number live, and dies when the queue of its lane is empty. To close a lane is to
empty its queue and to wait until nobody is left. Every worker that has settled a call or dies rings one bell on the loop.
"""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Request = tuple[str, Any]  # ("hash", argument) or ("fetch", argument)


@dataclass(frozen=True)
class Reply:
    """What became of one request: a value, or the exception that was raised in its place."""

    request: Request
    value: Any = None
    error: Exception | None = None


class _Call:
    """A request that was drawn. `reply` is None until a worker has settled it."""

    __slots__ = ("context", "reply", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.context = contextvars.copy_context()  # of the consumer, for it is he who runs the generator
        self.reply: Reply | None = None


class _Lane:
    """The calls of one function, made in order by at most `size` threads."""

    def __init__(self, fn: Callable[[Any], Any], size: int, ring: Callable[[], None]) -> None:
        self._fn, self._size, self._ring = fn, size, ring
        self._lock = threading.Lock()
        self._waiting: deque[_Call] = deque()
        self.workers = 0  # those that live

    def add(self, call: _Call) -> None:
        with self._lock:
            self._waiting.append(call)
            if self.workers == self._size:
                return
            self.workers += 1
        try:
            threading.Thread(target=self._work, name="offload").start()
        except RuntimeError:  # the system has no more threads: those that we have must do
            with self._lock:
                self.workers -= 1
                if not self.workers:
                    raise

    def drop_waiting(self) -> None:
        with self._lock:
            self._waiting.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self.workers -= 1
                    break
                call = self._waiting.popleft()
            value, error = call.context.run(_outcome, self._fn, call.request[1])
            call.reply = Reply(call.request, value, error)
            # Nothing of a settled call stays here: an error's traceback keeps this frame alive.
            del call, value, error
            self._ring()
        self._ring()


def _outcome(fn: Callable[[Any], Any], argument: Any) -> tuple[Any, Any]:
    try:
        return fn(argument), None
    except BaseException as error:  # noqa: BLE001 - a worker that died of it would leave its reply open for ever
        return None, error


async def handle(
    requests: Iterable[Request],
    *,
    hash_fn: Callable[[Any], Any],
    fetch_fn: Callable[[Any], Any],
    hash_workers: int = 2,
    fetch_workers: int = 8,
    window: int = 16,
) -> AsyncIterator[Reply]:
    """Yield one reply for each request, in the order of the requests, while other tasks of the loop run on.

    At most `hash_workers` calls of `hash_fn` and `fetch_workers` of `fetch_fn` run at any moment, and at most
    `window` requests are drawn whose replies were not taken yet. Closed or cancelled, it waits for the calls that run.
    If `requests` raises an Exception, it comes out after the replies to the requests before it.
    ValueError: one of the three numbers is below 1.
    """
    for name, size in (("hash_workers", hash_workers), ("fetch_workers", fetch_workers), ("window", window)):
        if size < 1:
            raise ValueError(f"{name} is {size}, and must be at least 1")
    loop, bell = asyncio.get_running_loop(), asyncio.Event()

    def ring() -> None:
        with suppress(RuntimeError):  # an iterator that nobody closed has outlived its loop
            loop.call_soon_threadsafe(bell.set)

    hashes, fetches = _Lane(hash_fn, hash_workers, ring), _Lane(fetch_fn, fetch_workers, ring)
    source, broken = iter(requests), None
    in_flight: deque[_Call] = deque()
    try:
        while True:
            while source is not None and len(in_flight) < window:
                try:
                    request = next(source)
                except StopIteration:
                    source = None
                except Exception as error:  # noqa: BLE001 - raised below
                    source, broken = None, error
                else:
                    kind, _ = request
                    call = _Call(request)
                    in_flight.append(call)
                    if kind == "hash":
                        hashes.add(call)
                    elif kind == "fetch":
                        fetches.add(call)
                    else:
                        call.reply = Reply(request, error=ValueError(f"unknown kind of request: {kind!r}"))
                    del call, request, _
            if not in_flight:
                break
            await asyncio.sleep(0)  # where every reply is there already, the other tasks get their turn too
            while in_flight[0].reply is None:
                bell.clear()
                if in_flight[0].reply is None:
                    await bell.wait()
            yield in_flight.popleft().reply
        if broken is not None:
            raise broken
    finally:
        hashes.drop_waiting()
        fetches.drop_waiting()
        cancelled: asyncio.CancelledError | None = None
        while hashes.workers or fetches.workers:
            bell.clear()
            if hashes.workers or fetches.workers:
                try:
                    await bell.wait()
                except asyncio.CancelledError as error:  # it does not shorten the wait, but it is not lost
                    cancelled = error
        if cancelled is not None:
            raise cancelled
