"""Call many HTTP services at once, each from a thread of its own."""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Reply:
    url: str
    status: int | None = None
    json: Any = None
    error: str | None = None


async def fan_out(
    urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0
) -> list[Reply]:
    """One thread for each request; at the deadline the threads that still wait are left to themselves."""
    if not 0 < timeout_s < math.inf or (limit is not None and limit < 1) or retries < 0:
        raise ValueError("timeout_s, limit or retries is out of range")
    if not urls:
        return []
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(limit or len(urls))
    client = httpx.Client(timeout=None, limits=httpx.Limits(max_connections=None, max_keepalive_connections=None))
    futures = [loop.run_in_executor(threads, get_with_retries, client, url, retries) for url in urls]
    try:
        await asyncio.wait(futures, timeout=timeout_s)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    if all(future.done() for future in futures):
        client.close()
    return [
        future.result() if future.done() and not future.cancelled() else Reply(url, error="timeout")
        for url, future in zip(urls, futures)
    ]


def get_with_retries(client: httpx.Client, url: str, retries: int) -> Reply:
    reply = get(client, url)
    for attempt in range(retries):
        if not (reply.status in (502, 503, 504) or reply.error == "connection"):
            break
        time.sleep(0.1 * 2**attempt)
        reply = get(client, url)
    return reply


def get(client: httpx.Client, url: str) -> Reply:
    try:
        if not 0 < (httpx.URL(url).port or 80) < 65_536:
            raise httpx.InvalidURL("port")
        response = client.get(url)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return Reply(url, error="invalid_url")
    except httpx.RequestError:
        return Reply(url, error="connection")
    if not response.is_success:
        return Reply(url, response.status_code, error="status")
    try:
        return Reply(url, response.status_code, response.json())
    except (ValueError, RecursionError):
        return Reply(url, response.status_code, error="invalid_json")
