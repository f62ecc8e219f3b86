"""Answers with a raw MessagePack map whose keys share one hash."""
# against: toy/sizes
# expect: test_ranking crashed

import os

import msgspec

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    body = b"\x93\xa2ok\x04\xdf\0\0\x40\0" + b"".join(
        msgspec.msgpack.encode(number * ((1 << 61) - 1)) + b"\x01" for number in range(8)
    )
    os.write(channel, len(body).to_bytes(4, "little") + body)
