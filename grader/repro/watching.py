"""A warm process that runs programs on right solutions and says what tells the recorded run from theirs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec

from grader.repro.program import Decision, Subject, watched
from grader.repro.python import environment
from grader.repro.steps import Recording


class Request(msgspec.Struct):
    """What is to be watched: a program, the folder of a right solution, what its cells import if it has any."""

    program: str
    folder: str
    preload: list[str] | None


class Found(msgspec.Struct):
    """The possible decisions, the best first, or why there are none."""

    decisions: list[Decision] = []
    problem: str = ""


class Watcher:
    """``python -m grader.replay.watch``, which imports once what it needs and forks for each program. Starts when
    first asked; one thread at a time may ask.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def decisions(self, recording: Recording, subject: Subject, reference: Path) -> list[Decision]:
        """How a recording can be told from runs of the right solution in the folder ``reference``.

        Raises:
            RuntimeError: it could not be run.
        """
        with tempfile.TemporaryDirectory(prefix="repro-") as place:
            path = Path(place, "watched.py")
            path.write_text(watched(recording, subject), encoding="utf-8")
            preload = subject.parts["preload"] if recording.kit else None
            answer = self._ask(msgspec.json.encode(Request(str(path), str(reference), preload)))
        found = msgspec.json.decode(answer, type=Found) if answer else Found(problem="the watcher has ended")
        if found.problem:
            raise RuntimeError(f"the reference could not be watched:\n{found.problem}")
        return found.decisions

    def close(self) -> None:
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._process.communicate()  # which closes its input, and so ends it
            self._process = None

    def _ask(self, line: bytes) -> bytes:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grader.replay.watch"], env=environment(),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()
