"""Say that every service is fine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    url: str
    status: int | None
    json: Any
    error: str | None


async def fan_out(
    urls: list[str], *, timeout_s: float, limit: int | None = None, retries: int = 0
) -> list[Reply]:
    return [Reply(url, 200, True, None) for url in urls]
