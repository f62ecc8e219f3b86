"""Frames: a length of four bytes, little-endian, then one MessagePack array.

To the cell                                    From the cell
  ["call", id, operation, arguments]             ["ok", id, value]        ["err", id, error]
  ["cancel", id]                                 ["print", text]          ["limit", text]
  ["drop", handles]                              ["back", id, function, args, kwargs]
  ["done", id, ok, value]                        ["unback", id]

``back`` calls a function of the suite, ``done`` answers it, ``unback`` says that nobody waits for the answer any more.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from grader.cell.inside.values import MAX_FRAME, ValueTooLarge, pack_surrogates

LENGTH = struct.Struct("<I")

_encode = msgspec.msgpack.Encoder().encode
#: What a frame's body holds; for frames from the trusted side.
decode = msgspec.msgpack.Decoder().decode


def encode(frame: list[Any]) -> bytes:
    """The bytes of a frame; raises ``ValueTooLarge`` above 1 MiB."""
    try:
        body = _encode(frame)
    except UnicodeEncodeError:
        body = _encode(pack_surrogates(frame))
    if len(body) > MAX_FRAME:
        raise ValueTooLarge(f"an answer of {len(body):,} bytes, the limit is {MAX_FRAME:,}")
    return LENGTH.pack(len(body)) + body
