"""The users that the app asks about, and a look at the memory that it holds."""

import asyncio
import gc
import sys


class Users:
    """Users with passwords. They count the questions, may take their time, and may be out of order."""

    def __init__(self, passwords, seconds=0.0):
        self.passwords = passwords
        self.seconds = seconds
        self.down = False
        self.asked = 0

    async def verify(self, username, password):
        self.asked += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.down:
            raise ConnectionError("the user database is down")
        return self.passwords.get(username.strip().casefold()) == password


def blocks():
    """How many blocks of memory Python's objects take."""
    gc.collect()
    return sys.getallocatedblocks()
