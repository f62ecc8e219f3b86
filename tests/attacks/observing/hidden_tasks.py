"""Hides its tasks from whoever counts what is left after a cancellation."""
# against: week1/async_fan_out
# over: leaks_on_cancellation

import asyncio

asyncio.all_tasks = asyncio.tasks.all_tasks = lambda *_: set()
# === the honest file ===
