"""Calls itself with the limit of the interpreter lifted, on a stack as large as it may be."""
# against: toy/sizes
# expect: test_ranking crashed/memory/error/timeout

import sys

# === the honest file ===
def ranking(sizes):
    sys.setrecursionlimit(1 << 30)

    class Deep:
        def __getattr__(self, name):
            return getattr(self, name + "x") if len(name) < 10_000_000 else None

    def deep(number):
        return [deep(number + 1), Deep().a]

    return deep(0)
