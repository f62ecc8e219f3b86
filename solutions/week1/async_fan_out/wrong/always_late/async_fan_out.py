"""Say that every service is late."""

from __future__ import annotations

import asyncio
import math
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
    if not 0 < timeout_s < math.inf or (limit is not None and limit < 1) or retries < 0:
        raise ValueError("an argument is out of range")
    await asyncio.sleep(timeout_s if urls else 0)
    return [Reply(url, None, None, "timeout") for url in urls]
