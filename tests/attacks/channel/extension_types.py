"""Answers with MessagePack's extension types and time stamps, in case a decoder builds objects of them."""
# against: toy/sizes
# expect: test_ranking crashed

import os

import msgspec

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    body = msgspec.msgpack.encode(["ok", 4, msgspec.msgpack.Ext(5, b"cos\nsystem\n(S'true'\ntR.")])
    os.write(channel, len(body).to_bytes(4, "little") + body)
