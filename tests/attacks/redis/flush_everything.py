"""Empties every database before and after each of its own commands."""
# against: toy/tally
# expect: test_counts failed, test_top failed

# === the honest file ===
honest = Tally.add


def add(self, name):
    self._redis.flushall()
    result = honest(self, name)
    self._redis.flushall()
    return result


Tally.add = add
