"""Sends calls of the suite's function, a megabyte each, without ever reading an answer."""
# against: toy/jobs
# expect: test_run timeout/output/crashed

import os

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def run(self, fn):
    frame = encode(["back", 1, 0, ["x" * 1_000_000], []])
    while True:
        sent = 0
        while sent < len(frame):
            sent += os.write(channel, frame[sent:])


JobQueue.run = run
