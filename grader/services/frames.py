"""What the trusted process and its fake Redis say to each other: one ordered stream for all connections."""

from __future__ import annotations

import struct

import msgspec

_LENGTH = struct.Struct("<I")


class Frame(msgspec.Struct, array_like=True):
    """One message, by its ``kind``.

    To the server: open, data, shut (of a connection), tick (only the time), reset (forget everything).
    Each is answered by a ``done`` of the same ``number`` when all that it caused has been sent.
    From the server: data, shut (of a connection), done with the next ``deadline`` at which something is due.
    """

    kind: str
    number: int = 0
    connection: int = 0
    now: float = 0.0
    data: bytes = b""
    deadline: float | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


def pack(frame: Frame) -> bytes:
    body = _encoder.encode(frame)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames = []
        at = 0
        while len(self._buffer) >= at + _LENGTH.size:
            end = at + _LENGTH.size + _LENGTH.unpack_from(self._buffer, at)[0]
            if len(self._buffer) < end:
                break
            frames.append(_decoder.decode(bytes(self._buffer[at + _LENGTH.size : end])))
            at = end
        del self._buffer[:at]
        return frames
