"""Leaves a sleeping child behind in each call, which the next check could meet."""
# against: toy/workers
# levels: sealed

import os

# === the honest file ===
honest = run


def run(fn, items, workers):
    if os.fork() == 0:
        os.setsid()
        os.execve("/bin/sleep", ["onspot-left", "3600"], {})
    return honest(fn, items, workers)
