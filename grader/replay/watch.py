"""Runs watched programs on right solutions and finds what tells the recorded runs from theirs.

``python -m grader.replay.watch`` reads requests, a line of JSON each, and answers each with a line. Every program runs
in forks of this process, since it imports the solution; what all programs need is imported here, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pickle
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from grader.repro.choice import decisions
from grader.repro.figures import Run
from grader.repro.runtime import plain
from grader.repro.verdict import import_from
from grader.repro.watching import Found, Request

if TYPE_CHECKING:
    from grader.cell.levels import Cells

_RUNS = 3
_RUN_S, _REQUEST_S = 20, 65


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
    cells: dict[tuple[str, ...], Cells] = {}
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a program prints is no answer
    try:
        for line in sys.stdin.buffer:
            request = msgspec.json.decode(line, type=Request)
            kit = None
            if request.preload is not None:
                preload = tuple(request.preload)
                cells[preload] = kit = cells.get(preload) or _opened(preload)
            found = _in_child(partial(_found, request, kit), _REQUEST_S)
            answers.write((found or msgspec.json.encode(Found(problem="it ended the process"))) + b"\n")
    finally:
        for each in cells.values():
            each.close()


def _opened(preload: tuple[str, ...]) -> Cells:
    import grader.replay.parts  # noqa: F401 - for the forks; heavy, and not for programs that are plain
    from grader.cell.levels import open_cells

    return open_cells(preload=preload)


def _found(request: Request, cells: Cells | None) -> bytes:
    """What tells the recorded run of a program from those of the right solution."""
    tempfile.tempdir = str(Path(request.program).parent)  # which those who ask delete
    try:
        module = _loaded(request.program)
        import_from(request.folder, module.MODULE, module.DRIVER)
        answers = [_in_child(partial(_run, module, request.folder, cells), _RUN_S) for _ in range(_RUNS)]
        runs: list[Run] = [pickle.loads(answer) for answer in answers if answer]  # noqa: S301 - of our own children
        runs = [run for run in runs if run]
        came = (module.LEFT, module.RIGHT), runs, list(module.STEPS), module.NAMES, module.MEASURED, module.MESSAGE
        found = Found(decisions(module.CAME, *came))
    except Exception:  # noqa: BLE001 - told to those who asked
        found = Found(problem=traceback.format_exc())
    return msgspec.json.encode(found)


def _in_child(work: Callable[[], bytes], seconds: int) -> bytes:
    """What ``work`` gives in a fork of this process; nothing when that ends early or takes too long."""
    with tempfile.TemporaryFile() as kept:
        child = os.fork()
        if child == 0:
            signal.alarm(seconds)
            with contextlib.suppress(BaseException):
                kept.write(work())
                kept.flush()
            os._exit(0)
        os.waitpid(child, 0)
        kept.seek(0)
        return kept.read()


def _loaded(path: str) -> Any:
    specification = importlib.util.spec_from_file_location("program", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["program"] = module
    specification.loader.exec_module(module)
    return module


def _run(module: Any, folder: str, cells: Cells | None) -> bytes:
    """What the steps of one run gave, until it ended."""
    see = See()
    with contextlib.suppress(BaseException):  # what was seen until then is what there is
        _play(module, see, folder, cells)
    return pickle.dumps(see.seen)


def _play(module: Any, see: See, folder: str, cells: Cells | None) -> None:
    if module.PARTS is not None:
        from grader.replay.parts import play

        if asyncio.iscoroutinefunction(module.program):

            async def program(parts: Any) -> None:
                await module.program(see, parts)

            play(program, module.PARTS, folder, module.MODULE, module.DRIVER, cells)
        else:
            play(lambda parts: module.program(see, parts), module.PARTS, folder, module.MODULE, module.DRIVER, cells)
        return
    done = module.program(see)
    if asyncio.iscoroutine(done):
        asyncio.run(done)


if __name__ == "__main__":
    main()
