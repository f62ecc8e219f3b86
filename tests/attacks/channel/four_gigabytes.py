"""Announces a frame of four gigabytes and begins to send it."""
# against: toy/sizes
# expect: test_ranking output

import os

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    os.write(channel, b"\xff\xff\xff\xff")
    while True:
        os.write(channel, bytes(1 << 16))
