"""Call many HTTP services at once, under one deadline."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any

import httpx

#: Gateways send these while the service behind them is away for a moment. A GET may safely be sent again.
RETRIED_STATUSES = frozenset({502, 503, 504})
FIRST_PAUSE_S = 0.1


@dataclass(frozen=True)
class Reply:
    """What came of one URL: ``json`` is the parsed body when ``error`` is None, otherwise None."""

    url: str
    status: int | None = None
    json: Any = None
    error: str | None = None

    @property
    def may_heal(self) -> bool:
        """Whether a second attempt could end better."""
        return self.status in RETRIED_STATUSES or (self.error or "").startswith("connection")


async def fan_out(urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0) -> list[Reply]:
    """GET every URL concurrently and return one reply for each, in the order of ``urls``.

    Every reply starts as a timeout and is replaced when its URL is done: the deadline has nothing to collect.
    Leaving the task group, by success, deadline or cancellation, means that every task has ended.
    """
    if not 0 < timeout_s < math.inf:
        raise ValueError(f"timeout_s must be a finite number above 0, not {timeout_s}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if retries < 0:
        raise ValueError(f"retries must be at least 0, not {retries}")

    replies = [Reply(url, error="timeout") for url in urls]
    slots = asyncio.Semaphore(limit or len(urls))

    async def call(client: httpx.AsyncClient, position: int) -> None:
        replies[position] = await _get_with_retries(client, urls[position], slots, retries)

    try:
        async with asyncio.timeout(timeout_s), _new_client() as client, asyncio.TaskGroup() as group:
            for position in range(len(urls)):
                group.create_task(call(client, position))
    except TimeoutError:
        pass  # the replies of unfinished URLs still say so
    return replies


def _new_client() -> httpx.AsyncClient:
    """A client without bounds of its own: httpx's defaults are 5 s for each step and 100 connections."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(timeout=None, limits=limits, follow_redirects=False)


async def _get_with_retries(client: httpx.AsyncClient, url: str, slots: asyncio.Semaphore, retries: int) -> Reply:
    """The reply of the first attempt that settles the matter, or of the last one. Pauses hold no slot."""
    async with slots:
        reply = await _get(client, url)
    for attempt in range(retries):
        if not reply.may_heal:
            break
        await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
        async with slots:
            reply = await _get(client, url)
    return reply


async def _get(client: httpx.AsyncClient, url: str) -> Reply:
    """One attempt, with every way to fail turned into a reply."""
    try:
        response = await client.get(_checked(url))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:  # the last one: a host that is no IDNA
        return Reply(url, error=f"invalid_url: {error}")
    except httpx.RequestError as error:
        return Reply(url, error=f"connection: {type(error).__name__}: {error}")
    if not response.is_success:
        return Reply(url, response.status_code, error=f"status: {response.status_code}")
    try:
        return Reply(url, response.status_code, response.json())
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or nested too deep for the parser
        return Reply(url, response.status_code, error=f"invalid_json: {error}")


def _checked(url: str) -> httpx.URL:
    """The URL, if its port can exist: httpx itself hands any number on to the operating system."""
    parsed = httpx.URL(url)
    if parsed.port is not None and parsed.port not in range(65_536):
        raise httpx.InvalidURL(f"there is no port {parsed.port}")
    return parsed
