"""The real parts of a check for a repro file: a cell with virtual time, services and a served app, but no suite."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.catalog.submission import read_submission
from grader.cell.levels import Cells, open_cells
from grader.model import CellNeeds, Check, Exercise, Limits, RunOptions
from grader.suite import suite_loop
from grader.suite.fixtures import CellControl, Database, manual_clock_of
from grader.suite.offered import Services
from grader.suite.serving import Web
from grader.suite.session import Run, Session
from grader.suite.traffic import answered
from grader.suite.watched import asked, printed_lines
from grader.suite.web import Site

__all__ = ["WARM", "App", "Parts", "asked", "play", "printed"]

#: Cells that are open already, by what they import; in a program that was started by itself there are none.
WARM: dict[tuple[str, ...], Cells] = {}


class App:
    """A served app, of which answers are given as plain values."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.websocket, self.stop = site.websocket, site.stop

    def exchange(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """One request and its answer: status, headers, body."""
        return answered(self._site.client.request(method, path, **more))

    async def exchange_async(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """The same beside others."""
        async with self._site.async_client() as client:
            return answered(await client.request(method, path, **more))


class Parts:
    """What a suite has, for a program. ``needs`` are the exercise's, as the file says them."""

    def __init__(self, session: Session, needs: Mapping[str, Any]) -> None:
        self._session = session
        self._web: Web | None = None
        self.subject, self.driver = session.subject, session.driver
        self.import_submission = session.import_submission
        if needs["virtual_time"]:
            self.virtual_time = session.use_virtual_time()
        if needs["web"]:
            self._web = Web(session)
        self.manual_clock = manual_clock_of(session)
        self.database = Database(session)
        self.cell = CellControl(session)

    def http(self, answers: Callable[[str, str], Any], url: str) -> Any:
        """An HTTP back end that answers as recorded, where it was."""
        return Services(self._session).http(lambda request: answers(request.method, request.target), url)

    def redis(self) -> Any:
        return Services(self._session).redis()

    def serve(self, factory: str, *args: Any, **kwargs: Any) -> Any:
        """The app of the submission, or a list of several."""
        assert self._web is not None
        served = self._web.serve(factory, *args, **kwargs)
        return [App(site) for site in served] if isinstance(served, list) else App(served)

    def run(self, program: Callable[[], Any]) -> None:
        """Runs a function or a coroutine function to its end."""
        if inspect.iscoroutinefunction(program):
            suite_loop.run(program, self._session.waiting)
        else:
            program()


def printed(cell: CellControl) -> list[Any]:
    """What the submission has printed, line by line; a line that is a JSON object as that object."""
    return printed_lines(cell.printed())


@contextlib.contextmanager
def opened(needs: Mapping[str, Any], folder: str, module: str, driver: str) -> Iterator[Parts]:
    """The parts for the code in ``folder``."""
    here = Path(folder)
    limits = Limits(needs["call_s"], needs["check_s"], needs["memory_mb"])
    cell = CellNeeds(tuple(needs["preload"]), needs["processes"], needs["writable"])
    exercise = Exercise(f"repro/{module}", "", "", 0, "", (), "", (), cell, limits, here, here)
    cells = WARM.get(cell.preload) or open_cells(preload=cell.preload)
    try:
        files = read_submission(exercise, here).files
        run = Run(exercise, files, driver, cells.launcher(cell.preload), RunOptions())
        session = Session(run, Check("repro", "", 0, "", ""))
        try:
            yield Parts(session, needs)
        finally:
            session.close()
    finally:
        if cell.preload not in WARM:
            cells.close()


def play(program: Callable[[Parts], Any], needs: Mapping[str, Any], folder: str, module: str, driver: str) -> None:
    """Runs a program with the parts that it needs."""
    with opened(needs, folder, module, driver) as parts:
        if inspect.iscoroutinefunction(program):

            async def run() -> None:
                await program(parts)

            parts.run(run)
        else:
            program(parts)
