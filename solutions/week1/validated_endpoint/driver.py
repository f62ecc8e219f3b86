"""Ids for orders, from a source that waits for company or fails, and bodies in pieces. Judges nothing."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx

COMPANY_S = 1.0  # how long a caller waits for a second one


class Ids:
    """Called, it gives a new id: "order-1", "order-2" and so on. Threads may use it."""

    def __init__(self) -> None:
        #: While this is set, calling raises RuntimeError with it.
        self.failure = ""
        #: While this is true, a caller waits until another one calls, for at most COMPANY_S.
        self.wait_for_company = False
        self._calls = 0
        self._changed = threading.Condition()

    def __call__(self) -> str:
        if self.failure:
            raise RuntimeError(self.failure)
        with self._changed:
            self._calls += 1
            mine = self._calls
            self._changed.notify_all()
            if self.wait_for_company:
                self._changed.wait_for(lambda: self._calls > mine, COMPANY_S)
        return f"order-{mine}"


async def post_in_pieces(app: Any, path: str, pieces: list[bytes]) -> tuple[int, str]:
    """POST of JSON whose body reaches the app piece by piece, without a Content-Length: status and body."""

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://onspot.test") as client:
        reply = await client.post(path, content=body(), headers={"Content-Type": "application/json"})
        return reply.status_code, reply.text
