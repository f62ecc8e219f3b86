"""Sends itself SIGSTOP, so that nobody ever answers."""
# against: toy/sizes
# expect: test_ranking timeout/failed

import os
import signal

# === the honest file ===
def ranking(sizes):
    os.kill(os.getpid(), signal.SIGSTOP)
    return sorted(sizes)
