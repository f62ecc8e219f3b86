"""Blocking and CPU-heavy calls beside an event loop: two bounded pools of threads, and replies in order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What became of one request: a value, or the exception that was raised in its place."""

    request: tuple[str, Any]
    value: Any = None
    error: Exception | None = None


async def handle(
    requests: Iterable[tuple[str, Any]],
    *,
    hash_fn: Callable[[Any], Any],
    fetch_fn: Callable[[Any], Any],
    hash_workers: int = 2,
    fetch_workers: int = 8,
    window: int = 16,
) -> AsyncIterator[Reply]:
    """Yield the replies to ``requests`` in their order; the loop stays free, whatever the functions do."""
    if window < 1:  # a pool refuses its own size
        raise ValueError(f"window is at least 1, not {window}")
    workers = {
        "hash": (ThreadPoolExecutor(hash_workers), hash_fn),
        "fetch": (ThreadPoolExecutor(fetch_workers), fetch_fn),
    }
    source = iter(requests)
    in_flight: deque[Future[Reply]] = deque()
    try:
        while True:
            for request in islice(source, window - len(in_flight)):
                in_flight.append(_start(request, workers))
            if not in_flight:
                return
            await asyncio.wait([asyncio.wrap_future(in_flight[0])])
            yield in_flight.popleft().result()
    finally:
        for pool, _ in workers.values():
            pool.shutdown(wait=False, cancel_futures=True)
        running = [asyncio.wrap_future(future) for future in in_flight if not future.done()]
        if running:
            await asyncio.wait(running)


def _start(
    request: tuple[str, Any], workers: dict[str, tuple[ThreadPoolExecutor, Callable[[Any], Any]]]
) -> Future[Reply]:
    kind, argument = request
    if kind in workers:
        pool, fn = workers[kind]
        return pool.submit(copy_context().run, _call, fn, request, argument)
    refused: Future[Reply] = Future()
    refused.set_result(Reply(request, error=ValueError(f"there is no kind {kind!r} of request")))
    return refused


def _call(fn: Callable[[Any], Any], request: tuple[str, Any], argument: Any) -> Reply:
    """In a worker. An exception travels as a value: StopIteration could not be raised into a future of asyncio."""
    try:
        return Reply(request, fn(argument))
    except Exception as error:  # noqa: BLE001 - whatever is raised belongs to this request
        return Reply(request, error=error)
