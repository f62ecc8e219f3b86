"""A terminal emulator around a program: what a learner types, and what stands on the screen afterwards."""

from __future__ import annotations

import codecs
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from fcntl import ioctl
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

_PATIENCE_S = 120  # for what a test waits for: far longer than it takes, since machines are busy


class Terminal:
    """A program on a screen of ``columns`` by ``lines``, in a new session of its own."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 100, lines: int = 40, cwd: Path, environment: dict[str, str]
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._own, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        own_session = ["setsid", "--ctty", *command]  # without it no key would become a signal
        self.process = subprocess.Popen(
            own_session, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment, preexec_fn=_hear_keys
        )
        os.close(theirs)
        #: Everything that was written, escapes included.
        self.written = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._own)  # what is left of the session hears that its terminal has gone

    @property
    def text(self) -> str:
        """What stands on the screen, without the empty rest of each line and of the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._own, text.encode())

    def wait_for(self, text: str, times: int = 1) -> str:
        """Reads until ``text`` stands on the screen so many times; returns the screen."""
        return self.wait_until(lambda screen: screen.count(text) >= times, text)

    def wait_until(self, is_there: Callable[[str], bool], what: str = "what was waited for") -> str:
        """Reads until the screen is as it should be; returns it."""
        deadline = time.monotonic() + _PATIENCE_S
        while not is_there(self.text):
            assert time.monotonic() < deadline, f"{what!r} did not come:\n{self.text}"
            assert self.read(), f"{what!r} did not come before the end:\n{self.text}"
        return self.text

    def wait_for_end(self) -> int:
        """Reads until the program ends; returns its exit status."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.read():
            assert time.monotonic() < deadline, f"no end:\n{self.text}"
        return self.process.wait()

    def read(self) -> bool:
        """Takes in what has been written; false once nothing can come any more."""
        if not select.select([self._own], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self._own, 1 << 16)
        except OSError:  # how Linux says that the other side is closed
            return False
        text = self._decoder.decode(data)
        self.written += text
        self._stream.feed(text)
        return bool(data)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a learner's terminal, whatever the tests themselves run in."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR")}
    root = str(Path(__file__).resolve().parents[1])
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONPATH": root, **changes}


def _hear_keys() -> None:
    """Ctrl-C is heard also where these tests run in the background of a shell that has none for them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
