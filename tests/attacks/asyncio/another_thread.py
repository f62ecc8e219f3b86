"""Runs the jobs from loops in threads of its own, each of which calls into the suite at the same moment."""
# against: toy/relay

import asyncio
import threading

# === the honest file ===
honest = run_all


async def run_all(jobs, limit):
    def run():
        asyncio.run(asyncio.wait_for(jobs[0](), 1))

    for _ in range(8):
        threading.Thread(target=run, daemon=True).start()
    return await honest(jobs, limit)
