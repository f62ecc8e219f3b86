"""Watches fan_out from inside its event loop and tells what it left behind. Judges nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import async_fan_out

CANCELLED_WITHIN_S = 5

Callback = Callable[[], Awaitable[None]]


async def call(urls: list[str], options: dict[str, Any], look: Callback) -> dict[str, Any]:
    """Call fan_out, count the tasks it leaves, and let the suite look at the services while the loop runs."""
    before = asyncio.all_tasks()
    replies = await async_fan_out.fan_out(urls, **options)
    left = len(asyncio.all_tasks() - before)
    await look()
    rows = [(reply.url, reply.status, reply.json, reply.error) for reply in replies]
    return {"replies": rows, "tasks_left": left}


async def cancel(urls: list[str], options: dict[str, Any], started: Callback, look: Callback) -> dict[str, Any]:
    """Call fan_out in a task, cancel it when ``started`` returns, and tell how it ended and what it left."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(async_fan_out.fan_out(urls, **options))
    await started()
    task.cancel()
    await asyncio.wait([task], timeout=CANCELLED_WITHIN_S)
    left = len(asyncio.all_tasks() - before)
    if not task.done():
        ended = f"it was still running {CANCELLED_WITHIN_S} s later"
    elif task.cancelled():
        ended = "CancelledError"
    else:
        error = task.exception()
        ended = "it returned a list" if error is None else f"it raised {type(error).__name__}"
    if task.done():
        await look()
    return {"ended": ended, "tasks_left": left}
