"""Fills the server with keys and values until it refuses."""
# against: toy/tally
# expect: test_top error/timeout/output/failed/memory/passed

# === the honest file ===
def top(self, count):
    for number in range(400):
        self._redis.mset({f"{number}-{key}": "x" * 100_000 for key in range(20)})
    return []


Tally.top = top
