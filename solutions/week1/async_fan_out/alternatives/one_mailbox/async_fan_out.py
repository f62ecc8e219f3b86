"""Call many HTTP services at once, under one deadline. The full contract is in README.md.

`fan_out` is an actor with one mailbox. "An attempt has ended", "a pause is over" and "time is up" are letters in it, and
only `fan_out` itself decides what follows. So limit, retries and deadline need no lock, no semaphore and no nested
time-outs; and what came before the deadline has been read before it.

It uses httpx one floor below its client, on the transport. There are no cookies that one service leaves for another, no
time-outs, no proxies from the environment, and nobody looks into the Location of a redirect.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx

_FIRST_PAUSE_S = 0.1
_BUSY = (502, 503, 504)
_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]+)(?::(\d*))?", re.ASCII)
_NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None)


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
    if not (timeout_s > 0 and math.isfinite(timeout_s)):
        raise ValueError(f"timeout_s is {timeout_s}, and must be a finite number above 0")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}, and must be at least 1")
    if retries < 0:
        raise ValueError(f"retries is {retries}, and must not be negative")

    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    replies = [Reply(url, None, None, "timeout") for url in urls]  # until we know better
    requests: dict[int, httpx.Request] = {}
    for index, url in enumerate(urls):
        try:
            requests[index] = _request(url)
        except Exception as error:  # noqa: BLE001 - whatever the parser makes of such a text
            replies[index] = Reply(url, None, None, f"invalid_url: {error}")

    ready = deque(requests)  # URLs (by index) that wait for a slot
    failures = dict.fromkeys(requests, 0)  # those without a final reply, and their failed attempts
    running: dict[asyncio.Task[Reply], int] = {}
    pauses: dict[int, asyncio.TimerHandle] = {}
    # An ended attempt with the time of its end, a URL whose pause is over, or None: time is up.
    mailbox: asyncio.Queue[tuple[asyncio.Task[Reply], float] | int | None] = asyncio.Queue()

    def ended(task: asyncio.Task[Reply]) -> None:
        mailbox.put_nowait((task, loop.time()))

    # Certificates take a while to load, and matter to https only.
    verify = any(request.url.scheme == "https" for request in requests.values())
    async with httpx.AsyncHTTPTransport(verify=verify, limits=_NO_LIMITS) as transport:
        time_is_up = loop.call_at(deadline, mailbox.put_nowait, None)
        try:
            while failures:
                while ready and (limit is None or len(running) < limit):
                    index = ready.popleft()
                    task = loop.create_task(_attempt(transport, requests[index], urls[index]))
                    running[task] = index
                    task.add_done_callback(ended)

                letter = await mailbox.get()
                if letter is None:
                    break
                if isinstance(letter, int):
                    del pauses[letter]
                    ready.append(letter)
                    continue
                task, end = letter
                index = running.pop(task)
                reply = _connection(urls[index], "cancelled") if task.cancelled() else task.result()
                again = reply.status in _BUSY or (reply.error or "").startswith("connection")
                if again and failures[index] < retries:
                    pause = _FIRST_PAUSE_S * 2 ** failures[index]
                    failures[index] += 1
                    if end + pause < deadline:  # else its end comes first
                        pauses[index] = loop.call_at(end + pause, mailbox.put_nowait, index)
                else:
                    replies[index] = reply
                    del failures[index]
        finally:
            for timer in (time_is_up, *pauses.values()):
                timer.cancel()
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)
    return replies


def _request(url: str) -> httpx.Request:
    """The request for a URL. ValueError (or another Exception): it is not usable."""
    match = _AUTHORITY.match(url)
    if not match:
        raise ValueError("no http:// or https:// at the start")
    host = _HOST_AND_PORT.fullmatch(match[1].rpartition("@")[2])
    if not host:
        raise ValueError("no host, or a port that is no number")
    if host[2] and not 1 <= int(host[2]) <= 65535:
        raise ValueError(f"port {host[2]} is out of range")
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "fan_out"}
    request = httpx.Request("GET", url, headers=headers)
    if request.url.userinfo:
        next(httpx.BasicAuth(request.url.username, request.url.password).auth_flow(request))
    return request


async def _attempt(transport: httpx.AsyncHTTPTransport, request: httpx.Request, url: str) -> Reply:
    """One request and its whole answer. Raises nothing but CancelledError."""
    try:
        response = await transport.handle_async_request(request)
        try:
            # Whole, whatever the status: only then is the answer complete, and its connection free for the next.
            body = b"".join([part async for part in response.aiter_raw()])
        finally:
            await response.aclose()
    except Exception as error:  # noqa: BLE001 - httpx, the resolver, TLS: it does not matter who gave up
        return _connection(url, f"{type(error).__name__} {error}")
    status = response.status_code
    if not 200 <= status <= 299:
        return Reply(url, status, None, f"status: {status}")
    try:
        return Reply(url, status, json.loads(body.decode()), None)
    except (ValueError, RecursionError) as error:
        return Reply(url, status, None, f"invalid_json: {type(error).__name__}")


def _connection(url: str, detail: str) -> Reply:
    return Reply(url, None, None, f"connection: {detail}")
