"""Fan-out where the connection pool itself is the limit, and anyio keeps the tasks and the deadline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

AGAIN = (502, 503, 504)


@dataclass
class Reply:
    url: str
    status: int | None = None
    json: Any = None
    error: str | None = None


async def fan_out(urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0) -> list[Reply]:
    for name, value, least in (("limit", limit, 1), ("retries", retries, 0)):
        if value is not None and value < least:
            raise ValueError(f"{name} must be at least {least}")
    if not (math.isfinite(timeout_s) and timeout_s > 0):
        raise ValueError("timeout_s must be finite and above 0")

    final: dict[int, Reply] = {}
    pool = httpx.Limits(max_connections=limit, max_keepalive_connections=limit)

    async def settle(client: httpx.AsyncClient, position: int) -> None:
        pauses = iter([0.1 * 2**attempt for attempt in range(min(retries, 60))])
        while True:
            reply = await attempt(client, urls[position])
            pause = next(pauses, None)
            if pause is None or not (reply.status in AGAIN or str(reply.error).startswith("connection")):
                break
            await anyio.sleep(pause)
        final[position] = reply

    with anyio.move_on_after(timeout_s):
        async with httpx.AsyncClient(timeout=None, limits=pool) as client, anyio.create_task_group() as group:
            for position in range(len(urls)):
                group.start_soon(settle, client, position)
    return [final.get(position) or Reply(url, error="timeout") for position, url in enumerate(urls)]


async def attempt(client: httpx.AsyncClient, url: str) -> Reply:
    try:
        if not _has_host_and_port(httpx.URL(url)):
            return Reply(url, error="invalid_url: no such host or port")
        response = await client.get(url)
        response.raise_for_status()
        return Reply(url, response.status_code, response.json())
    except httpx.HTTPStatusError as error:
        return Reply(url, error.response.status_code, error=f"status:{error.response.status_code}")
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return Reply(url, error=f"invalid_url: {error}")
    except httpx.HTTPError as error:
        return Reply(url, error=f"connection: {error}")
    except (ValueError, RecursionError):
        return Reply(url, response.status_code, error="invalid_json")


def _has_host_and_port(url: httpx.URL) -> bool:
    try:
        return bool(url.host) and (url.port or 1) in range(1, 2**16)
    except UnicodeError:  # "xn--" at the start of what is no punycode
        return False
