"""A queue of URLs, `limit` workers that empty it, and one asyncio.wait with the deadline."""

import asyncio
import json
import math
from collections import deque
from typing import Any, NamedTuple

import httpx2


class Reply(NamedTuple):
    url: str
    status: int | None
    json: Any
    error: str | None


class PlainTransport(httpx2.AsyncHTTPTransport):
    """Hides what the client would act on by itself: redirects and cookies."""

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        for name in ("location", "set-cookie"):
            if name in response.headers:
                del response.headers[name]
        return response


class Call:
    def __init__(self, urls, retries):
        self.urls = urls
        self.retries = retries
        self.replies: list[Reply | None] = [None] * len(urls)
        self.queue: deque[tuple[int, Any]] = deque()
        for i, text in enumerate(urls):
            try:
                parsed = httpx2.URL(text)
                if parsed.scheme not in ("http", "https") or not parsed.host:
                    raise ValueError("no http URL with a host")
                if parsed.port is not None and not 0 <= parsed.port <= 65535:
                    raise ValueError("port out of range")
            except Exception as error:  # noqa: BLE001 - whatever a client's URL parser raises
                self.replies[i] = Reply(text, None, None, f"invalid_url: {error}")
            else:
                self.queue.append((i, parsed))

    async def worker(self, client):
        while self.queue:
            i, url = self.queue.popleft()
            self.replies[i] = await self.fetch(client, self.urls[i], url)

    async def fetch(self, client, text, url):
        tries = 0
        while True:
            reply, again = await self.once(client, text, url)
            if not again or tries == self.retries:
                return reply
            await asyncio.sleep(0.1 * 2**tries)  # the worker, and so the slot, waits along
            tries += 1

    async def once(self, client, text, url):
        body, broken = b"", False
        try:
            async with client.stream("GET", url) as response:
                status = response.status_code
                if response.is_success:
                    try:
                        body = await response.aread()
                    except httpx2.DecodingError:
                        broken = True
                else:
                    async for _ in response.aiter_raw():  # to the end, so that the connection can be reused
                        pass
        except httpx2.UnsupportedProtocol:
            return Reply(text, None, None, "invalid_url"), False
        except Exception as error:
            if asyncio.current_task().cancelling():
                raise asyncio.CancelledError from error
            return Reply(text, None, None, f"connection: {type(error).__name__}: {error}"), True
        if not 200 <= status < 300:
            return Reply(text, status, None, "status"), status in (502, 503, 504)
        if broken:
            return Reply(text, status, None, "invalid_json: content encoding"), False
        try:
            return Reply(text, status, json.loads(str(body, "utf-8")), None), False
        except (ValueError, RecursionError):
            return Reply(text, status, None, "invalid_json"), False


async def fan_out(urls, *, timeout_s, limit=None, retries=0):
    loop = asyncio.get_running_loop()
    started = loop.time()
    if not 0 < timeout_s < math.inf:
        raise ValueError("timeout_s")
    if limit is not None and limit < 1:
        raise ValueError("limit")
    if retries < 0:
        raise ValueError("retries")

    call = Call(list(urls), retries)
    n_workers = min(len(call.queue), limit or len(call.queue))
    if n_workers:
        transport = PlainTransport(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None)
        )
        async with httpx2.AsyncClient(transport=transport, timeout=None, trust_env=False) as client:
            tasks = [asyncio.create_task(call.worker(client)) for _ in range(n_workers)]
            try:
                await asyncio.wait(tasks, timeout=max(0.0, started + timeout_s - loop.time()))
            finally:
                call.queue.clear()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    return [
        reply if reply is not None else Reply(text, None, None, "timeout")
        for text, reply in zip(call.urls, call.replies, strict=True)
    ]
