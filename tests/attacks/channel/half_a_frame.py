"""Sends the first half of an answer and keeps the rest for itself."""
# against: toy/sizes
# expect: test_ranking timeout

import os
import time

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    os.write(channel, encode(["ok", 4, [0, "c", "a", "b"]])[:-3])
    time.sleep(3600)
