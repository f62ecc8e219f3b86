"""What one cell was asked in a check and what it answered, byte for byte, and whether another answers the same.

What a suite asks follows from its seed and from the answers so far. So when a check has passed, and another submission
gives the same answers to the same questions, one after the other, the check would pass for that one, too: nobody needs
to draw the examples and to judge the answers again. Any other answer, a word too many, an exception, a callback or a
wait proves nothing, and the check is run.

Each question is sent when the one before is answered, as in the first place: what is asked later may tell what was to
be answered. Where the check says that it does not, many are sent at once, which saves the processes most of their
switching to and fro.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import msgspec

_MOST_BYTES = 4 << 20  # of a dialogue that is kept
_AT_ONCE = 100  # questions that are sent before an answer is awaited, where a check allows it
_WORTH_WITH_DRIVER = 100  # answers; what a driver tells of threads or memory is seldom the same twice


class Dialogue(msgspec.Struct, frozen=True):
    """Questions in their order, each with its answer, as they went over the channel."""

    turns: list[tuple[bytes, bytes]]


class Tape:
    """Keeps a dialogue while it goes on, for as long as there is nothing in it but questions and plain answers."""

    def __init__(self) -> None:
        self._turns: list[tuple[bytes, bytes]] = []
        self._question = b""
        self._room = _MOST_BYTES
        self._is_plain = True
        self._worth = 1

    def spoil(self) -> None:
        """Says that the suite has learned of this cell what no answer tells, such as its CPU time."""
        self._is_plain = False
        self._turns.clear()

    def asks(self, frame: list[Any], data: bytes) -> None:
        """A frame to the cell, and its bytes."""
        if self._is_plain:
            self._question += data
            if frame[0] == "call" and frame[2] == "load":
                self._worth = _WORTH_WITH_DRIVER
            self._take(data, is_plain=frame[0] == "drop" or (frame[0] == "call" and frame[2] != "await"))

    def answers(self, frame: list[Any], data: bytes) -> None:
        """A frame from the cell, and its bytes."""
        if self._is_plain:
            self._turns.append((self._question, data))
            self._question = b""
            self._take(data, is_plain=frame[0] == "ok")

    def _take(self, data: bytes, *, is_plain: bool) -> None:
        self._room -= len(data)
        if not is_plain or self._room < 0:
            self.spoil()

    @property
    def dialogue(self) -> Dialogue | None:
        """What was kept, if it is worth it."""
        return Dialogue(self._turns) if len(self._turns) >= self._worth else None


def is_repeated(dialogue: Dialogue, connection: socket.socket, seconds: float, *, ahead: bool = False) -> bool:
    """Whether a fresh cell gives the answers of a dialogue, within ``seconds`` and the connection's own time-out.

    ``ahead`` says that it may be asked what comes later before it has answered.
    """
    end = time.monotonic() + seconds
    at_once = _AT_ONCE if ahead else 1
    try:
        for first in range(0, len(dialogue.turns), at_once):
            questions, answers = zip(*dialogue.turns[first : first + at_once], strict=True)
            question, answer = b"".join(questions), b"".join(answers)
            connection.sendall(question)
            came = connection.recv(len(answer) + 1)
            while came and len(came) < len(answer) and answer.startswith(came):
                more = connection.recv(len(answer) + 1 - len(came))
                came = came + more if more else b""
            if came != answer or time.monotonic() > end:
                return False
    except OSError:  # it has ended, or takes longer than anybody waits
        return False
    return True
