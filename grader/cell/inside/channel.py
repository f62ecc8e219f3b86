"""The cell's end of the channel: any thread may call the suite back, one thread at a time reads.

Whoever waits for a frame reads for everybody (the leader-followers pattern, Schmidt et al., 2000): with one thread
this costs two uncontended lock operations a frame, and no reader thread is needed.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from grader.cell.inside import frames

_SECOND_ITEM = 1
_MOST_HELD = 1 << 14  # bytes of answers that wait for another


class Channel:
    """Frames to and from the trusted side over a connected stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.requests: deque[list[Any]] = deque()
        #: Called after a request was queued by a thread that is not the main one, or while the main one runs a loop.
        self.on_request: Callable[[], None] | None = None
        self._answers: dict[int, list[Any]] = {}
        self._watchers: dict[int, Callable[[list[Any]], None]] = {}
        self._buffer = b""
        self._reading = False
        self._lock = threading.Lock()
        self._state = threading.Condition(self._lock)
        self._sending = threading.Lock()
        self._held = b""  # answers that go out with what is sent next, or before anybody waits
        self._next_back = 0

    def send(self, frame: list[Any]) -> None:
        """Sends one frame; raises ``ValueTooLarge`` and sends nothing when it is too large."""
        self._send(frames.encode(frame))

    def answer_request(self, frame: list[Any]) -> None:
        """Sends an answer, together with the next one when the next request has come already.

        For the main thread of a cell without a loop, which has nothing else to do than to take that request.
        """
        if len(self._held) < _MOST_HELD and self._whole_frame_buffered():
            data = frames.encode(frame)
            with self._sending:
                self._held += data
        else:
            self.send(frame)

    def new_back(self) -> int:
        """A number for one more call of a suite's function."""
        with self._lock:
            self._next_back += 1
            return self._next_back

    def watch(self, number: int, done: Callable[[list[Any]], None]) -> None:
        """Has ``done(frame)`` called, by whichever thread reads it, with the answer to callback ``number``."""
        with self._lock:
            self._watchers[number] = done

    def request(self) -> list[Any]:
        """The next request; for the main thread only."""
        return self._wait(None)

    def answer(self, number: int) -> list[Any]:
        """The answer to callback ``number``; for the thread that made the callback."""
        return self._wait(number)

    def read_available(self) -> None:
        """Reads what has arrived, unless another thread is reading already. Needs a readable socket."""
        if self._become_reader():
            self._read_and_deliver()
            self.read_buffered()

    def read_buffered(self) -> None:
        """Delivers the whole frames that were read behind another one."""
        while self._whole_frame_buffered() and self._become_reader():
            self._read_and_deliver()

    def _become_reader(self) -> bool:
        with self._lock:
            if self._reading:
                return False
            self._reading = True
            return True

    def _wait(self, number: int | None) -> list[Any]:
        while True:
            with self._lock:
                if number is None:
                    if self.requests:
                        return self.requests.popleft()
                elif number in self._answers:
                    return self._answers.pop(number)
                is_reader = not self._reading
                if is_reader:
                    self._reading = True
                elif not self._held:
                    self._state.wait()
                    continue
            if is_reader:
                self._read_and_deliver()
            else:  # another thread has taken the frame that the answers waited for
                self._send(b"")

    def _read_and_deliver(self) -> None:
        frame = self._read()
        watcher = None
        with self._lock:
            self._reading = False
            if frame[0] == "done":
                watcher = self._watchers.pop(frame[_SECOND_ITEM], None)
                if watcher is None:
                    self._answers[frame[_SECOND_ITEM]] = frame
            else:
                self.requests.append(frame)
            self._state.notify_all()
        if watcher is not None:
            watcher(frame)
        if self.on_request is not None and (frame[0] != "done" or self._whole_frame_buffered()):
            self.on_request()

    def _whole_frame_buffered(self) -> bool:
        buffer = self._buffer
        return len(buffer) >= 4 and len(buffer) >= 4 + frames.LENGTH.unpack_from(buffer)[0]

    def _read(self) -> list[Any]:
        buffer = self._buffer
        while len(buffer) < 4:
            buffer += self._receive(1 << 16)
        length = frames.LENGTH.unpack_from(buffer)[0]
        if len(buffer) < length + 4:
            parts = bytearray(buffer)
            while len(parts) < length + 4:
                parts += self._receive(1 << 18)
            buffer = bytes(parts)
        self._buffer = buffer[length + 4 :]
        frame: list[Any] = frames.decode(memoryview(buffer)[4 : length + 4])
        return frame

    def _receive(self, size: int) -> bytes:
        try:
            if self._held:
                self._send(b"")
            data = self.connection.recv(size)
        except OSError:
            data = b""
        if not data:
            os._exit(0)  # the trusted side is gone
        return data

    def _send(self, data: bytes) -> None:
        """Sends what was held, and ``data`` behind it."""
        with self._sending:
            data, self._held = self._held + data, b""
            self.connection.sendall(data)
