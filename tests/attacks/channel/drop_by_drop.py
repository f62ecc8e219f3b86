"""Sends one byte of a frame that never ends at a time, so that something always arrives."""
# against: toy/sizes
# expect: test_ranking timeout

import os
import time

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    os.write(channel, (1 << 20).to_bytes(4, "little"))
    while True:
        os.write(channel, b"\x93")
        time.sleep(0.001)
