import asyncio
import time

CancelledError = asyncio.CancelledError


class Loop:
    def __init__(self, *, clock=time.monotonic, idle=time.sleep):
        self._loop = asyncio.new_event_loop()
        self.create_task = self._loop.create_task
        self.run_until_complete = self._loop.run_until_complete

    async def sleep(self, seconds):
        await asyncio.sleep(max(0, seconds))

    def gather(self, *children):
        return asyncio.gather(*children)

    def event(self):
        return asyncio.Event()
