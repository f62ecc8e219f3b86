"""Answers with bytes that are no MessagePack."""
# against: toy/sizes
# expect: test_ranking crashed

import os

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    os.write(channel, b"\x04\0\0\0\xc1\xc1\xc1\xc1")
