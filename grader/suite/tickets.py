"""Numbers in a pipe, each to be drawn once, by whichever process asks first."""

from __future__ import annotations

import os
import struct

_TICKET = struct.Struct("<H")


class Tickets:
    """Drawn by all who hold the end of ``pipe`` that is read: forks, and programs that it is handed down to."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    @classmethod
    def of(cls, count: int) -> Tickets:
        """The numbers below ``count``, in their order."""
        read, write = os.pipe()
        os.write(write, b"".join(map(_TICKET.pack, range(count))))
        os.close(write)
        return cls(read)

    def draw(self) -> int | None:
        """The next number, or None when all have been drawn."""
        ticket = os.read(self.pipe, _TICKET.size)
        return int(_TICKET.unpack(ticket)[0]) if ticket else None

    def close(self) -> None:
        os.close(self.pipe)
