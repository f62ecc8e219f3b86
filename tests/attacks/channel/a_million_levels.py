"""Answers with an array that is nested a million times."""
# against: toy/sizes
# expect: test_ranking crashed

import os

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    body = b"\x91" * 1_000_000
    os.write(channel, len(body).to_bytes(4, "little") + body)
