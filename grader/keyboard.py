"""Single keys from a terminal, without Enter and without a thread."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from types import TracebackType
from typing import Any, Self, TextIO

QUIT = "q"
_END = b"\x04"  # Ctrl-D
_ESCAPE = b"\x1b"


class Keyboard:
    """Reads keys while it is open; gives the terminal back as it was. Where there is none, no key ever comes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdin
        self._before: list[Any] | None = None
        self._waiting = ""  # keys that were pressed before anybody asked

    @property
    def is_there(self) -> bool:
        return self._before is not None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._before = termios.tcgetattr(self._stream)
            tty.setcbreak(self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            termios.tcsetattr(self._stream, termios.TCSADRAIN, self._before)

    def key(self, seconds: float) -> str:
        """The next key, in lower case, or nothing when none comes within that time; ``QUIT`` when the terminal is gone.

        Keys that send an escape, such as arrows, count as nothing.
        """
        if self._before is None:
            time.sleep(seconds)
            return ""
        if not self._waiting:
            if not select.select([self._stream], [], [], seconds)[0]:
                return ""
            sent = os.read(self._stream.fileno(), 64)
            if not sent or sent == _END:
                return QUIT
            if sent.startswith(_ESCAPE):
                return ""
            self._waiting = sent.decode("utf-8", "replace").lower()
        key, self._waiting = self._waiting[0], self._waiting[1:]
        return key
