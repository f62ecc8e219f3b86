"""Runs watched programs on right solutions and finds what tells the recorded runs from theirs; runs programs as a fresh
interpreter would.

``python -m grader.replay.watch`` reads requests, a line of JSON each, and answers each with a line. Every program runs
in forks of this process, since it imports the solution; what all programs need is imported here, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pickle
import runpy
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from grader.repro.choice import decisions
from grader.repro.figures import Run
from grader.repro.program import Decision
from grader.repro.python import PATIENCE_S, ROOT
from grader.repro.runtime import plain
from grader.repro.verdict import alike, import_from
from grader.repro.watching import Found, Request

_MOST_RUNS = 3
_RUN_S, _REQUEST_S = 20, 240  # by the clock; on a busy machine the deciding may take as long as the runs


class See:
    """Told of every step of a program; keeps what each gave."""

    def __init__(self) -> None:
        self.seen: dict[int, Any] = {}

    def __call__(self, number: int, step: Callable[[], Any]) -> Any:
        try:
            return self._kept(number, step())
        except Exception as error:  # noqa: BLE001 - an answer like any other
            return self._kept(number, error)

    async def awaiting(self, number: int, step: Callable[[], Any]) -> Any:
        try:
            return self._kept(number, await step())
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            return self._kept(number, error)

    @contextlib.contextmanager
    def doing(self, number: int) -> Iterator[None]:
        self.seen[number] = None
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self._kept(number, error)

    def _kept(self, number: int, value: Any) -> Any:
        self.seen[number] = plain(value)
        return value


def main() -> None:
    """Answers requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a program prints is no answer
    try:
        for line in sys.stdin.buffer:
            request = msgspec.json.decode(line, type=Request)
            if request.preload is not None:
                _open(tuple(request.preload))
            found = _compared(request) if request.is_watched else _ran(request)
            answers.write(msgspec.json.encode(found) + b"\n")
    finally:
        if parts := sys.modules.get("grader.replay.parts"):
            for cells in parts.WARM.values():
                cells.close()


def _open(preload: tuple[str, ...]) -> None:
    """Has cells for the forks, and what is heavy to import; not for programs that are plain."""
    from grader.cell.levels import open_cells
    from grader.replay.parts import WARM

    if preload not in WARM:
        WARM[preload] = open_cells(preload=preload)


def _compared(request: Request) -> Found:
    """What tells the recorded run of a program from those of the right solution."""
    _, answer = _in_child(partial(_found, request), _REQUEST_S)
    return msgspec.json.decode(answer, type=Found) if answer else Found(problem="it ended the process")


def _found(request: Request, answer: BinaryIO) -> None:
    tempfile.tempdir = str(Path(request.program).parent)  # which those who ask delete
    try:
        module = _loaded(request.program)
        import_from(request.folder, module.MODULE, module.DRIVER)
        more = _runs(module, request.folder)
        runs = [] if request.is_thorough else list(islice(more, 1))
        settled = [decision for decision in _decisions(module, runs) if decision.is_compared] if runs else []
        found = Found(settled or _decisions(module, [*runs, *more]))
    except Exception:  # noqa: BLE001 - told to those who asked
        found = Found(problem=traceback.format_exc())
    answer.write(msgspec.json.encode(found))


def _decisions(module: Any, runs: list[Run]) -> list[Decision]:
    compared = module.LEFT, module.RIGHT
    steps = list(module.STEPS), module.NAMES, module.MEASURED, module.TOGETHER
    return decisions(module.CAME, compared, runs, *steps, module.MESSAGE)


def _runs(module: Any, folder: str) -> Iterator[Run]:
    """What some runs of a program gave: as many as it takes until one is like the one before."""
    before: Run = {}
    for _ in range(_MOST_RUNS):
        _, answer = _in_child(partial(_run, module, folder), _RUN_S)
        run: Run = pickle.loads(answer) if answer else {}  # noqa: S301 - of our own child
        if run:
            yield run
        if alike(run, before):
            break
        before = run


def _ran(request: Request) -> Found:
    """What a program says that is run as a fresh interpreter would."""
    status, said = _in_child(partial(_as_plain, request), PATIENCE_S)
    return Found(status=status, said=said.decode("utf-8", "replace"))


def _as_plain(request: Request, output: BinaryIO) -> int:
    """Runs a program in this process as a fresh interpreter would, which has what the kit has only where it says so."""
    os.dup2(output.fileno(), 1)
    tempfile.tempdir = place = str(Path(request.program).parent)
    sys.argv = [request.program, request.folder]
    sys.path[:] = [place, *[folder for folder in sys.path[1:] if folder != str(ROOT)]]
    if request.preload is None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
            del sys.modules[name]
    try:
        runpy.run_path(request.program, run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the end of an interpreter does
    sys.stdout.flush()
    return status


def _in_child(work: Callable[[BinaryIO], int | None], seconds: int) -> tuple[int, bytes]:
    """How a fork of this process ended, and what ``work`` wrote in it; it may end early, or take too long."""
    with tempfile.TemporaryFile() as kept:
        child = os.fork()
        if child == 0:
            status = 1
            signal.alarm(seconds)
            with contextlib.suppress(BaseException):
                status = work(kept) or 0
                kept.flush()
            os._exit(status)
        _, ended = os.waitpid(child, 0)
        kept.seek(0)
        return os.waitstatus_to_exitcode(ended), kept.read()


def _loaded(path: str) -> Any:
    specification = importlib.util.spec_from_file_location("program", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["program"] = module
    specification.loader.exec_module(module)
    return module


def _run(module: Any, folder: str, answer: BinaryIO) -> None:
    """What the steps of one run gave, until it ended."""
    see = See()
    with contextlib.suppress(BaseException):  # what was seen until then is what there is
        _play(module, see, folder)
    answer.write(pickle.dumps(see.seen))


def _play(module: Any, see: See, folder: str) -> None:
    if module.PARTS is not None:
        from grader.replay.parts import play

        if asyncio.iscoroutinefunction(module.program):

            async def program(parts: Any) -> None:
                await module.program(see, parts)

            play(program, module.PARTS, folder, module.MODULE, module.DRIVER)
        else:
            play(lambda parts: module.program(see, parts), module.PARTS, folder, module.MODULE, module.DRIVER)
        return
    done = module.program(see)
    if asyncio.iscoroutine(done):
        asyncio.run(done)


if __name__ == "__main__":
    main()
