"""Leaves threads spinning that never let go of the interpreter's lock for long."""
# against: toy/sizes
# expect: test_ranking failed/timeout

import sys
import threading


def spin():
    while True:
        sum(range(10_000))


# === the honest file ===
def ranking(sizes):
    sys.setswitchinterval(0.1)
    for _ in range(3):
        threading.Thread(target=spin, daemon=True).start()
    return list(sizes)
