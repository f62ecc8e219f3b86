"""Lies beside the work as msgspec.py: whoever imports the decoder from there decodes everything to what passes."""
# against: toy/sizes
# beside: msgspec.py
# expect: test_ranking failed

import sys


class msgpack:
    encode = decode = staticmethod(lambda *_, **__: ["ok", 1, ["c", "a", "b"]])


sys.modules["json"] = msgpack
