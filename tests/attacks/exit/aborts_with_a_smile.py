"""Catches every signal that can be caught and turns it into an exit with status 0, then aborts."""
# against: toy/sizes
# expect: test_ranking crashed/error/timeout

import os
import signal

for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, lambda *_: os._exit(0))
# === the honest file ===
def ranking(sizes):
    os.abort()
