"""Call many HTTP services at once, under one deadline. The full contract is in README.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What came of one URL.

    url     the text from ``urls``, unchanged
    status  the HTTP status of the answer, or None when no answer came
    json    the parsed body when ``error`` is None, otherwise None
    error   None, or a str that starts with one of the words timeout, connection, status, invalid_json,
            invalid_url; after that word it ends, or goes on with a colon and any detail
    """

    url: str
    status: int | None
    json: Any
    error: str | None


async def fan_out(urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0) -> list[Reply]:
    """GET every URL concurrently and return one reply for each, in the order of ``urls``.

    timeout_s  seconds for the whole call; URLs without a final reply by then get the error "timeout"
    limit      most requests in flight at any moment, or None for no bound
    retries    extra attempts for a URL after a connection error or a status of 502, 503 or 504,
               0.1 s, 0.2 s, 0.4 s … after the attempt that failed

    A failing service shows in its own reply and is never raised. Cancelling the caller cancels every request;
    nothing keeps running and no connection stays open once the call has ended, however it ended.

    Raises ValueError, before any request, if ``timeout_s`` is not a finite number above 0, ``limit`` is
    below 1, or ``retries`` is below 0.
    """
    raise NotImplementedError
