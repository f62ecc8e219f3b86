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


def call(functions, request):
    kind, argument = request
    if kind not in functions:
        return Reply(request, error=ValueError(kind))
    try:
        return Reply(request, functions[kind](argument))
    except Exception as error:
        return Reply(request, error=error)


async def handle(requests, *, hash_fn, fetch_fn, hash_workers=2, fetch_workers=8, window=16):
    if min(hash_workers, fetch_workers, window) < 1:
        raise ValueError("at least 1")
    functions = {"hash": hash_fn, "fetch": fetch_fn}
    for request in requests:
        yield await asyncio.to_thread(call, functions, request)
