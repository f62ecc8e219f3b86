"""Sends the greeting of a new cell again, with a process id of its choice."""
# against: toy/sizes
# expect: all crashed

import os

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
os.write(channel, encode(["hello", 1]))
# === the honest file ===
