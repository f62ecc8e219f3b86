"""The trusted end of a cell's channel: frames with a deadline, and the end of a cell that breaks the rules.

What comes in is bounded before it is decoded, and decoded without any hook. The first fault ends the cell.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Callable
from typing import Any

import msgspec

from grader.cell.budget import Patience
from grader.cell.deaths import CellEnded
from grader.cell.dialogue import Dialogue, Tape, is_repeated
from grader.cell.inside import frames
from grader.cell.inside.values import MAX_DEPTH, MAX_FRAME
from grader.cell.process import CellProcess
from grader.model import Verdict

_CHUNK = 1 << 18  # bytes asked of the socket at once
_FRAME_DEPTH = MAX_DEPTH + 6  # a frame's own arrays, and those around a described exception
#: What one cell may say in all: an answer can be small, and there can be many.
MAX_FRAMES = 1_000_000
MAX_BYTES = 256 << 20


def _tree_type() -> Any:
    """The type of a frame: arrays of scalars and arrays, to a depth. No maps, which would be hashed, no extensions."""
    tree: Any = None | bool | int | float | str
    for _ in range(_FRAME_DEPTH):
        tree = None | bool | int | float | str | list[tree]
    return list[tree]


_decode = msgspec.msgpack.Decoder(_tree_type()).decode


#: Entered while nothing is done but wait for a file, given by its descriptor, to become readable.
Waiting = Callable[[int], contextlib.AbstractContextManager[None]]


class Line:
    """Frames to and from one cell. Every method may raise ``CellEnded``; after that ``ended`` is set."""

    def __init__(
        self, process: CellProcess, patience: float, waiting: Waiting | None = None, tape: Tape | None = None
    ) -> None:
        self.ended: CellEnded | None = None
        self._process = process
        self._socket = process.channel
        self._waiting = waiting
        self._tape = tape
        self._buffer = bytearray(process.buffered)
        self._read = 0  # bytes of the buffer that have been taken
        self._frames = self._bytes = 0
        self._set_timeout(patience)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def send(self, frame: list[Any]) -> None:
        """Sends one frame. Raises ``ValueTooLarge`` when the suite's own value is too large."""
        data = frames.encode(frame)
        if self._tape is not None:
            self._tape.asks(frame, data)
        try:
            self._socket.sendall(data)
        except BlockingIOError:
            raise self.end(Verdict.TIMEOUT, "the process stopped reading") from None
        except OSError:
            raise self.end(*self._why_closed()) from None

    def read(self, patience: Patience) -> list[Any]:
        """The next frame."""
        while (frame := self.buffered()) is None:
            left = patience.left()
            if not left:
                raise self.end(Verdict.TIMEOUT, f"no answer within {patience.seconds:.3g} s")
            if self._waiting is not None:
                with self._waiting(self.fileno()):  # left before anything is read: reading is not waiting
                    poll = select.poll()
                    poll.register(self.fileno(), select.POLLIN)
                    if not poll.poll(left * 1000):
                        continue
                left = 0.0
            if left < self._timeout / 2 or left > self._timeout * 2:
                self._set_timeout(left)
            try:
                data = self._socket.recv(_CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            self._take(data)
        return frame

    def read_available(self) -> None:
        """Takes what has arrived without waiting; whole frames are then ``buffered``."""
        try:
            data = self._socket.recv(_CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._take(data)

    def buffered(self) -> list[Any] | None:
        """The next frame that has arrived whole, if there is one."""
        start = self._read + frames.LENGTH.size
        if len(self._buffer) < start:
            return None
        length = frames.LENGTH.unpack_from(self._buffer, self._read)[0]
        if length > MAX_FRAME:
            raise self.end(Verdict.OUTPUT, f"an answer of {length:,} bytes, the limit is {MAX_FRAME:,}")
        if len(self._buffer) < start + length:
            return None
        self._read = start + length
        self._frames += 1
        if self._frames > MAX_FRAMES:
            raise self.end(Verdict.OUTPUT, f"more than {MAX_FRAMES:,} answers and callbacks in one check")
        try:
            frame: list[Any] = _decode(self._buffer[start : self._read])
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise self.breach(f"it sent a frame that is not MessagePack ({error})") from None
        if not frame or type(frame[0]) is not str:
            raise self.breach("it sent a frame that makes no sense")
        if self._tape is not None:
            self._tape.answers(frame, bytes(self._buffer[start - frames.LENGTH.size : self._read]))
        return frame

    def repeats(self, dialogue: Dialogue, patience: float, seconds: float, *, ahead: bool) -> bool:
        """Whether the cell says what another has said, each answer within ``patience`` and all within ``seconds``."""
        self._set_timeout(patience)
        return is_repeated(dialogue, self._socket, seconds, ahead=ahead)

    def breach(self, what: str) -> CellEnded:
        """Ends the cell because it broke the rules of the channel."""
        return self.end(Verdict.CRASHED, f"the process did not keep to its channel: {what}")

    def end(self, verdict: Verdict, message: str) -> CellEnded:
        """Ends the cell; the first reason is the one that counts."""
        if self.ended is None:
            self.ended = CellEnded(verdict, message)
            self._process.kill()
        return self.ended

    def _take(self, data: bytes) -> None:
        if not data:
            raise self.end(*self._why_closed())
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise self.end(Verdict.OUTPUT, f"answers of more than {MAX_BYTES >> 20} MiB in one check")
        del self._buffer[: self._read]
        self._read = 0
        self._buffer += data

    def _set_timeout(self, seconds: float) -> None:
        """A timeout kept by the kernel: cheaper than a poll before each read."""
        self._timeout = max(0.001, seconds)
        whole, part = divmod(self._timeout, 1)
        packed = struct.pack("ll", int(whole), int(part * 1e6))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, packed)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, packed)

    def _why_closed(self) -> tuple[Verdict, str]:
        if self._process.excess is not None:
            return self._process.excess
        how = self._process.exit_status()
        if self._process.went_with_its_zygote:
            return Verdict.INTERNAL_ERROR, "the process that cells are forked from has ended"
        words = self._process.last_words()
        if "MemoryError" in words or "bad_alloc" in words or self._process.out_of_memory():
            return Verdict.MEMORY, f"the process ran out of memory and ended ({how})"
        if self._process.cpu_is_used_up:
            return Verdict.TIMEOUT, "the process used up its CPU time"
        ended = f"the process ended ({how})" if how else "the process closed its channel"
        return Verdict.CRASHED, f"{ended}; its last words: {words}" if words else ended
