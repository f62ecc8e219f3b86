"""The pytest fixtures that a hidden suite may ask for. See "Writing a suite" in the README."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from grader.cell.dialogue import Tape
from grader.cell.inside import manual_clock as manual_clock_inside
from grader.cell.remote import LazyRemote, Remote
from grader.model import Level
from grader.suite.misuse import MisuseError
from grader.suite.offered import Services
from grader.suite.serving import Web
from grader.suite.session import Run, Session
from grader.suite.watched import Watched, printed_lines

if TYPE_CHECKING:  # imported where they are used: most suites need none of them
    from grader.services.virtual_clock import VirtualClock

RUN = pytest.StashKey[Run]()
SESSION = pytest.StashKey[Session]()
TAPE = pytest.StashKey[Tape]()
_CLOCK_LINE = "manual_clock = ManualClock()  # it moves only when told to"


@pytest.fixture
def onspot(request: pytest.FixtureRequest) -> Iterator[Session]:
    """The check's session, which every other fixture stands on."""
    tape = request.node.stash.get(TAPE, None)
    session = Session(request.config.stash[RUN], request.function.onspot_check, tape=tape)
    request.node.stash[SESSION] = session
    if "virtual_time" in request.fixturenames:  # first of all, whatever order the fixtures are made in
        session.use_virtual_time()
    yield session
    session.close()
    if session.fault:  # a check that failed says so itself: what a submission asks for must not make it not count
        raise MisuseError(session.fault)


@pytest.fixture
def subject(onspot: Session) -> Remote:
    """Stand-in for the submitted module."""
    return onspot.subject


@pytest.fixture
def driver(onspot: Session) -> Remote:
    """Stand-in for the suite's ``driver.py``, loaded into the cell beside the submission."""
    return onspot.driver


class CellControl:
    """What a suite may ask of the cell itself."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cpu(self, work: Callable[..., Any], *args: Any, repeat: int = 3) -> float:
        """The least CPU seconds that the cell's process used while ``work(*args)`` ran, of ``repeat`` runs."""
        self._session.spoil_tape()
        process = self._session.cell.process
        note = self._session.telling.note
        best, names = float("inf"), list[str]()
        for _ in range(repeat):
            began = note("time.process_time()", 0.0, name="began", measured=True)
            before = process.cpu_seconds()
            work(*args)
            took = process.cpu_seconds() - before
            names.append(note(f"time.process_time() - {began}", took, name="took", measured=True))
            best = min(best, took)
        self._session.transcript.line(f"# that took {best:.3g} s of CPU time")
        note(f"min({', '.join(names)}, 1e9)", best, name="cpu", measured=True)
        return best

    def keep(self, value: Any) -> Remote:
        """An object inside the cell that starts as a copy of ``value``."""
        made = self._session.cell.keep(value)
        if self._session.recorder is not None:
            self._session.recorder.keep(value, made)
        return made

    def fetch(self, thing: Remote) -> Any:
        """A copy of an object of the cell: a plain value, or a record of its fields."""
        fetched = self._session.cell.fetch(thing)
        if self._session.recorder is not None:
            self._session.recorder.kit.add("cell")
            self._session.recorder.used(self._session.recorder.use("parts.cell.fetch", (thing,), {}), fetched)
        return fetched

    def restart(self) -> None:
        """Ends the cell. The next use of ``subject`` starts a fresh one."""
        if self._session.recorder is not None:
            self._session.recorder.kit.add("cell")
            self._session.recorder.note("parts.cell.restart()")
        self._session.transcript.line("# your code is started anew, in another process")
        self._session.restart()

    def printed(self) -> str:
        """What the submission has printed."""
        printed = self._session.cell.printed
        if self._session.recorder is not None:
            self._session.recorder.kit.add("cell")
            self._session.recorder.observe("printed(parts.cell)", printed_lines(printed))
        return printed

    @property
    def operator(self) -> Operators:
        """The functions of module ``operator``, run in the cell: ``cell.operator.eq(a, b)``."""
        return Operators(self._session)


class Operators:
    """Each attribute is a function of module ``operator``, or ``repr``, ``str``, ``hash``, ``isinstance``, ``type``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args: self._session.cell.operate(name, *args)


@pytest.fixture
def cell(onspot: Session) -> CellControl:
    """Control of the cell: CPU time, objects kept inside, restarts."""
    return CellControl(onspot)


@pytest.fixture
def virtual_time(onspot: Session) -> VirtualClock:
    """The cell's own time on a virtual clock, and the services' delays with it."""
    clock = onspot.use_virtual_time()
    if onspot.recorder is None:
        return clock
    onspot.recorder.kit.add("virtual_time")
    return cast("VirtualClock", Watched(clock, "virtual_time", onspot.recorder))


@pytest.fixture
def manual_clock(onspot: Session) -> Remote:
    """A clock to inject, which moves only when told to."""
    return manual_clock_of(onspot)


def manual_clock_of(onspot: Session) -> Remote:
    """The clock of a check, made at its first use."""
    made: list[Remote] = []

    def find() -> Remote:
        if not made or made[0]._cell is not onspot.cell:
            made[:] = [onspot.cell.make("grader.cell.inside.manual_clock", "ManualClock")]
            onspot.transcript.part(lazy, "manual_clock", _CLOCK_LINE)
            if onspot.recorder is not None:
                onspot.recorder.part("manual_clock", made[0], f"{_source_of_clock()}\nmanual_clock = ManualClock()")
        return made[0]

    lazy = LazyRemote(find)
    return lazy


def _source_of_clock() -> str:
    """The clock's source without what a file begins with."""
    return Path(manual_clock_inside.__file__).read_text(encoding="utf-8").partition("import threading\n")[2].strip()


@pytest.fixture
def services(onspot: Session) -> Services:
    """Real parts offered to the cell at ordinary local addresses."""
    return Services(onspot)


@pytest.fixture
def web(onspot: Session) -> Web:
    """Serves the submission's ASGI app, to be driven over HTTP."""
    return Web(onspot)


class Database:
    """Where the submission may keep a SQLite file: in the cell's private folder."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def path(self) -> str:
        """The file's path as the cell sees it."""
        path = self._place()
        if self._session.recorder is not None:
            self._session.recorder.kit.add("database")
            self._session.recorder.names.places[path] = "database.path"
        return path

    def _place(self) -> str:
        if self._session.run.level is Level.SEALED:
            return "/tmp/onspot.db"  # noqa: S108 - the cell's own /tmp, which nobody shares
        return f"{self._session.cell.process.folder}/onspot.db"

    @property
    def url(self) -> str:
        """The same as a SQLAlchemy URL."""
        return f"sqlite:///{self.path}"


@pytest.fixture
def database(onspot: Session) -> Database:
    """A fresh SQLite database's place."""
    return Database(onspot)


@pytest.fixture
def rng(onspot: Session) -> random.Random:
    """Random numbers that follow the seed and the check."""
    return random.Random(f"{onspot.run.options.seed} {onspot.check.id}")
