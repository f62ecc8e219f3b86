"""Runs a script in the server that never ends, and has written before, so that it cannot be killed."""
# against: toy/tally
# expect: test_top error/timeout

import redis

# === the honest file ===
def top(self, count):
    self._redis.eval("redis.call('set', 'x', 1) while true do end", 0)


Tally.top = top
