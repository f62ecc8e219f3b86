"""Forks until it may no longer, and has every child do the same."""
# against: toy/workers
# expect: test_refuses error/timeout/crashed/memory
# levels: sealed

import os

# === the honest file ===
honest = run


def run(fn, items, workers):
    while len(items) == 1:
        try:
            os.fork()
        except OSError:
            pass
    return honest(fn, items, workers)
