"""Raises CancelledError and TimeoutError of its own accord, as if the suite had asked for it."""
# against: toy/relay
# expect: test_order error, test_limit error, test_first error

import asyncio

# === the honest file ===
async def run_all(jobs, limit):
    raise asyncio.CancelledError("done") from TimeoutError()


async def first(jobs):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)
