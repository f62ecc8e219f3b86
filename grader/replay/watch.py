"""Runs a watched program on right solutions and finds what tells the recorded run from theirs.

``python -m grader.replay.watch PROGRAM FOLDER`` writes the possible decisions, the best first, as JSON. It runs
in a process of its own, since it imports the solution.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pickle
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import msgspec

from grader.repro.choice import Run, decisions
from grader.repro.runtime import plain
from grader.repro.verdict import import_from

_RUNS = 3
_SECONDS = 30.0


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


def main(program: str, folder: str) -> None:
    module = _loaded(program)
    import_from(folder, module.MODULE, module.DRIVER)
    runs: list[Run] = [run for run in (_run(module, folder) for _ in range(_RUNS)) if run]
    found = decisions(
        module.CAME, (module.LEFT, module.RIGHT), runs, list(module.STEPS), module.MEASURED, module.MESSAGE
    )
    sys.stdout.write(msgspec.json.encode([asdict(decision) for decision in found]).decode())


def _loaded(path: str) -> Any:
    specification = importlib.util.spec_from_file_location("program", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["program"] = module
    specification.loader.exec_module(module)
    return module


def _run(module: Any, folder: str) -> Run:
    """One run, in a child of its own, so that no run knows of another. What it gave until it ended."""
    with tempfile.TemporaryFile() as kept:
        child = os.fork()
        if child == 0:
            see = See()
            try:
                _play(module, see, folder)
            except BaseException:  # noqa: BLE001 - what was seen until then is what there is
                traceback.print_exc()
            with contextlib.suppress(BaseException):
                kept.write(pickle.dumps(see.seen))
                kept.flush()
            os._exit(0)
        os.waitpid(child, 0)
        kept.seek(0)
        data = kept.read()
    return pickle.loads(data) if data else {}  # noqa: S301 - written by the child, which runs what is trusted


def _play(module: Any, see: See, folder: str) -> None:
    if module.PARTS is not None:
        from grader.replay.parts import play  # heavy, and not for programs that are plain

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
    main(*sys.argv[1:3])
