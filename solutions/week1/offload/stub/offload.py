"""Run blocking and CPU-heavy functions beside an event loop that stays responsive. The contract is in README.md."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

Request = tuple[str, Any]  # ("hash", argument) or ("fetch", argument)


@dataclass(frozen=True)
class Reply:
    """What became of one request: a value, or the exception that was raised in its place."""

    request: Request
    value: Any = None
    error: Exception | None = None


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
    ValueError: one of the three numbers is below 1.
    """
    raise NotImplementedError
    yield Reply(("hash", b""))  # a `yield` makes this an async generator function
