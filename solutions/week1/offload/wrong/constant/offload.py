import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    request: Any
    value: Any = None
    error: Exception | None = None


async def handle(requests, *, hash_fn, fetch_fn, hash_workers=2, fetch_workers=8, window=16):
    return
    yield
