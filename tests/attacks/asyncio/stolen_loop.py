"""Stops and closes the running loop, puts another in its place and runs its own."""
# against: toy/relay

import asyncio

# === the honest file ===
honest = run_all


async def run_all(jobs, limit):
    loop = asyncio.get_running_loop()
    results = await honest(jobs, limit)
    loop.call_soon(loop.stop)
    asyncio.set_event_loop(asyncio.new_event_loop())
    asyncio._set_running_loop(None)
    return results
