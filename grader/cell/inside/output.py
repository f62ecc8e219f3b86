"""What a submission prints: kept, bounded, and sent with the answers."""

from __future__ import annotations

import io
import threading

KEPT = 1 << 16  # characters shown to the learner
FLOOD = 1 << 20  # characters after which the check ends with the verdict "output"


class Flood(BaseException):
    """More was printed than any check needs; a BaseException, so that no ``except Exception`` swallows it."""


class Printed(io.TextIOBase):
    """A text stream that keeps its first characters and refuses to be flooded."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._lock = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text = str(text).encode("utf-8", "backslashreplace").decode()
        with self._lock:
            room = KEPT - self._length
            if room > 0:
                self._parts.append(text[:room])
            self._length += len(text)
            if self._length > FLOOD:
                raise Flood(f"more than {FLOOD:,} characters were printed")
        return len(text)

    def take(self) -> str:
        """What was kept since the last call."""
        if not self._parts:
            return ""
        with self._lock:
            text = "".join(self._parts)
            self._parts.clear()
        return text
