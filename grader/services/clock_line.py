"""The trusted end of the line to a cell's virtual time: bounded frames, one question at a time.

``grader/cell/inside/virtual_time.py`` says what is spoken.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Literal

import msgspec

_LENGTH = struct.Struct("<I")
_MAX_FRAME = 64  # bytes
_ANSWERS = {"watch": ("idle",), "wake": ("idle",), "move": ("moved", "busy")}
_NONSENSE = "the cell's clock spoke nonsense"

_Answer = tuple[Literal["idle", "moved", "busy"], int, int | None]
_decode = msgspec.msgpack.Decoder(_Answer).decode


class LineLostError(Exception):
    """The cell has closed the line, or what it said on it makes no sense."""


class ClockLine:
    """Asks one cell about its time. Everything is called in the service loop's thread.

    Whatever the cell says, it costs little, and raises nothing but :class:`LineLostError` at whoever asks.
    """

    def __init__(self, connection: socket.socket, moment: int) -> None:
        """A line to a cell that begins at ``moment``, in picoseconds."""
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._number = 0
        self._question = ""
        self._answer: asyncio.Future[_Answer] = self._loop.create_future()
        self._lost = ""
        connection.setblocking(False)
        self._loop.add_reader(connection.fileno(), self._read)
        self._send("at", moment)

    async def idle(self) -> int | None:
        """Return when every thread of the cell is asleep: their first deadline, or None if they have none."""
        if self._question != "wake":
            self._ask("watch")
        return (await self._answered())[2]

    async def move(self, moment: int) -> bool:
        """Move the cell's time, unless something has run since it was idle. Whether it was moved."""
        self._ask("move", moment)
        return (await self._answered())[0] == "moved"

    def wake(self) -> None:
        """Wake the thread whose moment has come. The next question must be :meth:`idle`."""
        self._ask("wake")

    def close(self, reason: str = "the clock was closed") -> None:
        """End the line. Whoever asks from now on is told ``reason``."""
        if not self._lost:
            self._lost = reason
            self._loop.remove_reader(self._connection.fileno())
            self._connection.close()
            if not self._answer.done():
                self._answer.set_exception(LineLostError(reason))
                self._answer.exception()  # seen, although nobody may be waiting

    def _ask(self, question: str, *moment: int) -> None:
        if self._lost:
            raise LineLostError(self._lost)
        if question != "move":  # a move is numbered like the idleness that it relies on
            self._number += 1
        self._question = question
        self._answer = self._loop.create_future()
        self._send(question, self._number, *moment)

    async def _answered(self) -> _Answer:
        answer = await self._answer
        self._question = ""
        return answer

    def _send(self, *frame: str | int) -> None:
        body = msgspec.msgpack.encode(frame)
        try:
            self._connection.send(_LENGTH.pack(len(body)) + body)
        except OSError:
            self.close("the cell does not listen to its clock")

    def _read(self) -> None:
        try:
            data = self._connection.recv(1 << 12)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close("the cell has closed its end of the clock")
        self._buffer += data
        while not self._lost and len(self._buffer) >= _LENGTH.size:
            length = _LENGTH.unpack_from(self._buffer)[0]
            if length > _MAX_FRAME:
                self.close(f"{_NONSENSE}: a frame of {length:,} bytes")
            elif len(self._buffer) < _LENGTH.size + length:
                break
            else:
                body = self._buffer[_LENGTH.size : _LENGTH.size + length]
                self._buffer = self._buffer[_LENGTH.size + length :]
                self._take(body)

    def _take(self, body: bytes) -> None:
        try:
            answer = _decode(body)
        except msgspec.MsgspecError:
            self.close(f"{_NONSENSE}: {body[:20]!r}")
            return
        kind, number, _ = answer
        if self._answer.done() or kind not in _ANSWERS.get(self._question, ()) or number != self._number:
            self.close(f"{_NONSENSE}: it says {kind!r}, which nobody asked")
        else:
            self._answer.set_result(answer)
