"""Awaits a future that nobody sets, and hides from those who look for tasks."""
# against: toy/relay
# expect: test_order timeout, test_limit timeout

import asyncio

# === the honest file ===
async def run_all(jobs, limit):
    for task in asyncio.all_tasks():
        asyncio._unregister_task(task)
    await asyncio.get_running_loop().create_future()
