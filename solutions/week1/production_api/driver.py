"""What the app depends on, and requests that come from any address. Judges nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx


class Products:
    """Called, it looks a product up, or raises RuntimeError with ``failure`` while there is one."""

    def __init__(self, cents: dict[str, int]) -> None:
        self.failure = ""
        self._cents = cents

    def __call__(self, product_id: str) -> dict[str, Any] | None:
        if self.failure:
            raise RuntimeError(self.failure)
        if product_id not in self._cents:
            return None
        return {"id": product_id, "name": f"Product {product_id}", "cents": self._cents[product_id]}


class Readiness:
    """Called, it says whether everything is there, or raises RuntimeError with ``failure`` while there is one."""

    def __init__(self) -> None:
        self.failure = ""
        self.answer = True
        self.calls = 0

    def __call__(self) -> bool:
        self.calls += 1
        if self.failure:
            raise RuntimeError(self.failure)
        return self.answer


async def ask_from(app: Any, peer: str, path: str, forwarded: list[str]) -> tuple[int, str]:
    """GET ``path`` over a connection from the address ``peer``: status and body. Each text is one X-Forwarded-For."""
    transport = httpx.ASGITransport(app, client=(peer, 40_000))
    headers = [("X-Forwarded-For", text) for text in forwarded]
    async with httpx.AsyncClient(transport=transport, base_url="http://onspot.test") as client:
        reply = await client.get(path, headers=headers)
        return reply.status_code, reply.text


async def post_in_pieces(app: Any, path: str, pieces: list[bytes]) -> tuple[int, str]:
    """POST of JSON whose body reaches the app piece by piece, without a Content-Length: status and body."""

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://onspot.test") as client:
        reply = await client.post(path, content=body(), headers={"Content-Type": "application/json"})
        return reply.status_code, reply.text
