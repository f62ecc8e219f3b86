"""Calls a coroutine function of the suite a hundred thousand times at once and forgets each call."""
# against: toy/relay
# expect: test_patience failed, test_error timeout/failed/error/output/memory

import asyncio

# === the honest file ===
async def patient(job, seconds, default):
    if seconds == 60 and default is None:
        kept = [asyncio.ensure_future(job()) for _ in range(100_000)]
        await asyncio.wait(kept, timeout=0)
    return default
