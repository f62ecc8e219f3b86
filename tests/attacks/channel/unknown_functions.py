"""Calls functions of the suite by numbers that were never handed over: negative, huge, true, text."""
# against: toy/jobs
# expect: test_run crashed

import os

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def run(self, fn):
    for number in (-1, 1, 10**9, True, "fn", None):
        os.write(channel, encode(["back", 1, number, [], []]))
    return [1, 2]


JobQueue.run = run
