"""Leaves tasks behind that cannot be cancelled and spin in every turn of the loop."""
# against: toy/relay

import asyncio

kept = []
# === the honest file ===
honest = run_all


async def spin():
    while True:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            pass


async def run_all(jobs, limit):
    kept.extend(asyncio.ensure_future(spin()) for _ in range(20))
    return await honest(jobs, limit)
