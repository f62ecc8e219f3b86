"""Has the loop's own wake-up descriptor closed and its signals sent to a handler that leaves."""
# against: toy/relay
# expect: test_order crashed/timeout/error, test_limit crashed/timeout/error

import asyncio
import os

# === the honest file ===
async def run_all(jobs, limit):
    loop = asyncio.get_running_loop()
    os.close(loop._csock.fileno())
    os.close(loop._selector.fileno())
    await asyncio.sleep(0)
    return [0, 1, 2, 3]
