"""Catches every cancellation and goes on waiting."""
# against: toy/relay

import asyncio

# === the honest file ===
honest = first


async def first(jobs):
    task = asyncio.ensure_future(honest(jobs))
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            pass
