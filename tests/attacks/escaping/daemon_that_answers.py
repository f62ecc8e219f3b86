"""Leaves a child that keeps the channel and answers the calls of later checks in its parent's place."""
# against: toy/workers
# levels: sealed bare

import os
import time

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
if os.fork() == 0:
    os.setsid()
    time.sleep(0.2)
    for number in range(1, 200):
        try:
            os.write(channel, encode(["ok", number, {"own": 1, "theirs": [2, 3, 2]}]))
        except Exception:
            os._exit(0)
    os._exit(0)
