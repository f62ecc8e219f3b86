"""Fan-out by gather: each URL watches the common deadline itself, so nothing is collected afterwards."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any, NamedTuple

import httpx


class Reply(NamedTuple):
    url: str
    status: int | None
    json: Any
    error: str | None


async def fan_out(urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0) -> list[Reply]:
    if not timeout_s > 0 or math.isinf(timeout_s):
        raise ValueError("timeout_s must be finite and positive")
    if limit is not None and limit <= 0:
        raise ValueError("limit must be positive or None")
    if retries < 0:
        raise ValueError("retries must not be negative")
    deadline = asyncio.get_running_loop().time() + timeout_s
    bounds = httpx.Limits(max_connections=None, max_keepalive_connections=limit)
    async with httpx.AsyncClient(timeout=httpx.Timeout(None), limits=bounds) as client:
        call = _Call(client, deadline, asyncio.BoundedSemaphore(limit) if limit else None, retries)
        return list(await asyncio.gather(*map(call.ask, urls)))


class _Call:
    """What the URLs of one fan_out share."""

    def __init__(
        self, client: httpx.AsyncClient, deadline: float, slots: asyncio.BoundedSemaphore | None, retries: int
    ) -> None:
        self.client = client
        self.deadline = deadline
        self.slots = slots
        self.retries = retries

    async def ask(self, url: str) -> Reply:
        try:
            async with asyncio.timeout_at(self.deadline):
                if self.slots is None:
                    return await self.ask_in_slot(url)
                async with self.slots:
                    return await self.ask_in_slot(url)
        except TimeoutError:
            return Reply(url, None, None, "timeout")

    async def ask_in_slot(self, url: str) -> Reply:
        pause = 0.1
        for left in range(self.retries, -1, -1):
            reply, again = await self.attempt(url)
            if not again or not left:
                return reply
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("the last attempt always returns")

    async def attempt(self, url: str) -> tuple[Reply, bool]:
        """A reply, and whether it is worth asking again."""
        try:
            if not 0 < (httpx.URL(url).port or 80) < 2**16:
                raise httpx.InvalidURL("port")
            answer = await self.client.get(url)
        except httpx.UnsupportedProtocol:
            return Reply(url, None, None, "invalid_url"), False
        except (httpx.InvalidURL, UnicodeError):
            return Reply(url, None, None, "invalid_url"), False
        except httpx.HTTPError as error:
            return Reply(url, None, None, f"connection: {error!r}"), True
        status = answer.status_code
        if status // 100 != 2:
            return Reply(url, status, None, f"status: {status}"), status in (502, 503, 504)
        try:
            return Reply(url, status, json.loads(answer.content), None), False
        except (ValueError, RecursionError):
            return Reply(url, status, None, "invalid_json"), False
