"""A warm process that runs programs: on right solutions, to say what tells the recorded run from theirs, and on any
code, to see what they say of it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec

from grader.repro.program import Decision, Subject, watched
from grader.repro.python import environment
from grader.repro.steps import Recording


class Request(msgspec.Struct):
    """What is to be done: with which program, on the code in which folder. ``preload`` is what its cells import, if it
    has any. ``is_watched``: the code is right, and its answers are to be told from those that were recorded;
    ``is_thorough``: by what several runs have in common, even if one run settles it.
    """

    program: str
    folder: str
    preload: list[str] | None
    is_watched: bool
    is_thorough: bool = False


class Found(msgspec.Struct):
    """The possible decisions, the best first, or why there are none; of a program that was run, its exit status and
    what it printed.
    """

    decisions: list[Decision] = []
    problem: str = ""
    status: int = 0
    said: str = ""


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

    def decisions(self, recording: Recording, subject: Subject, reference: Path) -> Iterator[Decision]:
        """How a recording can be told from runs of the right solution in the folder ``reference``. One run is enough
        where it differs from the recording by what the suite compared; those decisions come first, at little cost.

        Raises:
            RuntimeError: it could not be run.
        """
        preload = subject.parts["preload"] if recording.kit else None
        program, before = watched(recording, subject), list[Decision]()
        for is_thorough in (False, True):
            found = self._asked(program, reference, preload, is_watched=True, is_thorough=is_thorough)
            if found.problem:
                raise RuntimeError(f"the reference could not be watched:\n{found.problem}")
            yield from (decision for decision in found.decisions if decision not in before)
            if not found.decisions or not all(decision.is_compared for decision in found.decisions):
                break  # several runs have been compared already
            before = found.decisions

    def run(self, program: str, folder: Path, preload: list[str] | None) -> tuple[int, str]:
        """Runs a program in a fork of the warm process, as ``python.run`` does in a fresh one."""
        found = self._asked(program, folder, preload, is_watched=False)
        return (-1, found.problem) if found.problem else (found.status, found.said)

    def close(self) -> None:
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._process.communicate()  # which closes its input, and so ends it
            self._process = None

    def _asked(
        self, program: str, folder: Path, preload: list[str] | None, *, is_watched: bool, is_thorough: bool = False
    ) -> Found:
        with tempfile.TemporaryDirectory(prefix="repro-") as place:
            path = Path(place, "repro.py")
            path.write_text(program, encoding="utf-8")
            answer = self._answer(
                msgspec.json.encode(Request(str(path), str(folder), preload, is_watched, is_thorough))
            )
        return msgspec.json.decode(answer, type=Found) if answer else Found(problem="the watcher has ended")

    def _answer(self, line: bytes) -> bytes:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grader.replay.watch"], env=environment(with_kit=True),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self.close()  # it has ended; the next request starts another
        return answer
