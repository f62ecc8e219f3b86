"""Sends itself SIGKILL in a call."""
# against: toy/sizes
# expect: test_spread crashed, test_no_spread crashed

import os
import signal

# === the honest file ===
def spread(sizes):
    os.kill(os.getpid(), signal.SIGKILL)
    os.kill(0, signal.SIGKILL)  # process 1 of a namespace is deaf to the first
    os._exit(0)
