"""Fan-out by workers: one for each slot, all taking URLs from one iterator, while asyncio.wait keeps time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2


class Reply:
    def __init__(self, url: str) -> None:
        self.url = url
        self.status: int | None = None
        self.json: Any = None
        self.error: str | None = "timeout"

    def settle(self, status: int | None, json: Any, error: str | None) -> None:
        self.status, self.json, self.error = status, json, error


async def fan_out(urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0) -> list[Reply]:
    if not 0 < timeout_s < float("inf"):
        raise ValueError("timeout_s must be a finite number of seconds above 0")
    if limit is not None and limit < 1:
        raise ValueError("limit must be 1 or more, or None")
    if retries < 0:
        raise ValueError("retries must be 0 or more")
    replies = [Reply(url) for url in urls]
    if not replies:
        return replies
    wanted = len(urls) if limit is None else min(limit, len(urls))
    limits = httpx2.Limits(max_connections=wanted, max_keepalive_connections=wanted)
    client = httpx2.AsyncClient(timeout=None, limits=limits)
    todo = iter(replies)
    workers = [asyncio.ensure_future(work(client, todo, retries)) for _ in range(wanted)]
    try:
        await asyncio.wait(workers, timeout=timeout_s)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await client.aclose()
    return replies


async def work(client: httpx2.AsyncClient, todo: Iterator[Reply], retries: int) -> None:
    """Settle replies until none is left. A worker that is cancelled leaves its reply as a timeout."""
    for reply in todo:
        for attempt in range(retries + 1):
            outcome = await get(client, reply.url)
            status, _, error = outcome
            may_heal = error == "connection" or status in (502, 503, 504)
            if not may_heal or attempt == retries:
                reply.settle(*outcome)
                break
            await asyncio.sleep(0.1 * 2**attempt)


async def get(client: httpx2.AsyncClient, url: str) -> tuple[int | None, Any, str | None]:
    try:
        request = client.build_request("GET", url)
    except httpx2.InvalidURL:
        return None, None, "invalid_url"
    port_is_possible = (request.url.port or 80) in range(1, 65_536)
    if request.url.scheme not in ("http", "https") or not request.url.host or not port_is_possible:
        return None, None, "invalid_url"
    try:
        response = await client.send(request)
    except httpx2.HTTPError:
        return None, None, "connection"
    if not 200 <= response.status_code < 300:
        return response.status_code, None, "status"
    try:
        return response.status_code, response.json(), None
    except (ValueError, RecursionError):
        return response.status_code, None, "invalid_json"
