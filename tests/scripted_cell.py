"""A cell whose process is a test: what it answers is written out byte by byte."""

from __future__ import annotations

import contextlib
import os
import socket
from types import TracebackType
from typing import Any

from grader.cell.cell import Cell
from grader.cell.inside import frames
from grader.cell.process import CellProcess
from grader.cell.recording import Recorder, record_nothing
from tests.cells import busy_budget


class ScriptedCell:
    """``cell`` talks to this object only. Answers may be written before they are asked for; calls count from 1."""

    def __init__(self, *, call_s: float = 5.0, budget_s: float = 20.0, record: Recorder = record_nothing) -> None:
        ours, self._channel = socket.socketpair()
        status, teller = socket.socketpair()
        teller.close()
        self.process = CellProcess(ours, status, os.memfd_create("errors"), None)
        self.cell = Cell(self.process, call_s=call_s, budget=busy_budget(budget_s), record=record)

    def says(self, *told: list[Any]) -> None:
        """Sends frames, all in one piece."""
        self.sends(b"".join(frames.encode(frame) for frame in told))

    def sends(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._channel.sendall(data)

    def hears(self) -> Any:
        """The next frame from the trusted side."""
        length = frames.LENGTH.unpack(self._channel.recv(4))[0]
        return frames.decode(self._channel.recv(length))

    def hears_all(self) -> None:
        """Throws away what the trusted side has sent so far."""
        with contextlib.suppress(OSError):
            while self._channel.recv(1 << 16, socket.MSG_DONTWAIT):
                pass

    def hangs_up(self) -> None:
        """Ends the conversation, also for a thread that is still sending."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
        self._channel.close()

    def __enter__(self) -> ScriptedCell:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.hangs_up()
        self.cell.close()
