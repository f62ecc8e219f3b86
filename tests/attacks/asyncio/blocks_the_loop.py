"""Blocks the event loop for an hour within a coroutine."""
# against: toy/relay
# expect: test_order timeout, test_limit timeout

import threading

# === the honest file ===
async def run_all(jobs, limit):
    threading.Event().wait(3600)
