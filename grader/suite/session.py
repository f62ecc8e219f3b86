"""One check's world: its cell, made at the first use, and the parts that are offered to it."""

from __future__ import annotations

import contextlib
import marshal
import math
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from grader.cell.budget import Budget
from grader.cell.cell import Cell
from grader.cell.contention import Contention
from grader.cell.deaths import CellEnded, SubmissionError, ZygoteEnded
from grader.cell.dialogue import Dialogue, Tape
from grader.cell.inside.plan import CellPlan
from grader.cell.launcher import Launcher
from grader.cell.remote import LazyRemote, Remote
from grader.model import Check, Exercise, Level, RunOptions, Verdict
from grader.suite.misuse import MisuseError, first_fault
from grader.suite.recording import Recorder
from grader.suite.telling import Telling
from grader.suite.transcript import Transcript

if TYPE_CHECKING:  # imported where they are used: most suites need none of them
    from grader.services.clock import Clock
    from grader.services.loop import ServiceLoop
    from grader.services.virtual_clock import VirtualClock

MAX_SITES = 4
_FIRST_PORT = 8001
_CPU_PER_WALL = 2  # CPU seconds of a cell, all its processes together, for each second that a check may wait


class Service(Protocol):
    """A real part that listens for the cell."""

    def attach(self, listener: socket.socket) -> None: ...
    def close(self) -> None: ...


@dataclass
class Run:
    """What all checks of one graded submission share."""

    exercise: Exercise
    files: dict[str, bytes]
    driver: str  # source, or empty
    launcher: Launcher
    options: RunOptions
    #: Real parts that were used, as the report names them.
    services: list[str] = field(default_factory=list)
    #: How the submission's import failed, if it did, as it does for every check.
    import_failure: SubmissionError | CellEnded | None = None

    @cached_property
    def loop(self) -> ServiceLoop:
        """The thread in which services live, started when the first is made."""
        from grader.services.loop import ServiceLoop

        return ServiceLoop()

    @property
    def level(self) -> Level:
        return self.launcher.level


class Session:
    """Everything that one check uses; closed when the check is over."""

    def __init__(self, run: Run, check: Check, *, tape: Tape | None = None) -> None:
        """``tape`` keeps what the check's cell is asked and answers."""
        self.run = run
        self.check = check
        self.tape = tape
        self.transcript = Transcript(run.exercise.module)
        #: For waiting, however often it restarts its cell.
        self.budget = Budget(run.options.timeout or run.exercise.limits.check_s, self._kept_waiting)
        self._contention = Contention()
        self.clock: VirtualClock | None = None
        self.subject = LazyRemote(self.import_submission)
        self.driver = LazyRemote(self._driver_module)
        self.recorder = Recorder(run.exercise.module, self.subject, self.driver) if run.options.record else None
        self._services: list[tuple[Service, int, socket.socket | None]] = []
        self._sites: list[Path] = []
        self.telling = Telling(self.transcript, self.recorder)
        self._cell: Cell | None = None
        self._subject: Remote | None = None
        self._driver: Remote | None = None
        self._closing = contextlib.ExitStack()
        self._old_faults = len(run.loop.faults) if "loop" in vars(run) else 0

    # -- the cell

    @property
    def cell(self) -> Cell:
        """The check's cell, started if it was not."""
        if self._cell is None:
            self._cell = self._start()
        return self._cell

    @property
    def started(self) -> bool:
        """Whether a cell was made, so that no more can be offered to it."""
        return self._cell is not None

    def restart(self) -> None:
        """Ends the cell; the next use starts another, with the same services."""
        self.spoil_tape()
        if self._cell is not None:
            self._cell.close()
        self._cell = self._subject = self._driver = None

    def spoil_tape(self) -> None:
        """The check sees more of its cell than answers."""
        if self.tape is not None:
            self.tape.spoil()

    def repeats(self, dialogue: Dialogue) -> bool:
        """Whether the submission, in a fresh cell, answers as one that passed the check has."""
        return self.cell.repeats(dialogue, ahead=self.check.ahead)

    @contextlib.contextmanager
    def waiting(self, descriptor: int) -> Iterator[None]:
        """Entered while the suite waits for ``descriptor`` to become readable: virtual time may jump meanwhile.

        Raises ``CellEnded`` when the check has waited as long as it may, whatever for.
        """
        if self.budget.left <= 0:
            raise CellEnded(Verdict.TIMEOUT, f"no answer within {self.budget.seconds:.3g} s, which a whole check has")
        with self.budget.spending():
            if self.clock is None:
                yield
            else:
                with self.clock.waiting(descriptor):
                    yield

    def _kept_waiting(self) -> float:
        """Seconds since the last call in which the machine had no processor for the check."""
        return self._contention.since_last(self._cell.process.pid if self._cell is not None else 0)

    def _start(self) -> Cell:
        exercise, limits = self.run.exercise, self.run.exercise.limits
        if self._sites or self._services or self.clock is not None:
            self.spoil_tape()
        sealed = self.run.level is Level.SEALED
        sites = [_listening(path) for path in self._sites]
        extra = {f"site{number}": site.fileno() for number, site in enumerate(sites)}
        theirs = None
        if self.clock is not None:
            ours, theirs = socket.socketpair()
            self.clock.attach(ours)
            extra["clock"] = theirs.fileno()
        ports = [port for _, port, _ in self._services]
        plan = CellPlan(
            "", listen=ports if sealed else [], connect=[] if sealed else ports,
            processes=exercise.cell.processes and self.run.level is not Level.GUARDED,
            writable=exercise.cell.writable, memory_mb=limits.memory_mb,
            cpu_s=math.ceil(_CPU_PER_WALL * self.budget.seconds), virtual_time=self.clock is not None,
        )  # fmt: skip
        files = self.run.files
        if self.run.driver:
            files = {**files, "driver.py": self.run.driver.encode()}
        try:
            process = self.run.launcher.spawn(files, plan, extra)
        except ZygoteEnded:
            self.run.launcher.renew()
            process = self.run.launcher.spawn(files, plan, extra)
        for sent in [*sites, *filter(None, [theirs])]:
            sent.close()  # the cell's alone from here on: what it served dies with it
        for number, (service, port, listener) in enumerate(self._services):
            if sealed:
                service.attach(process.listeners[number])
            elif listener is not None:
                service.attach(listener)
                self._services[number] = (service, port, None)  # it serves the next cell too
        process.listeners.clear()  # their services' own from here on
        return Cell(
            process,
            call_s=self.run.options.timeout or limits.call_s,
            budget=self.budget,
            record=self.telling.record,
            waiting=self.waiting if self.clock is not None else None,
            tape=self.tape,
        )

    def import_submission(self) -> Remote:
        """The submission's module, imported if it was not."""
        if self._subject is None:
            try:
                if self.run.import_failure is not None:
                    raise self.run.import_failure
                self._subject = self.cell.import_module(self.run.exercise.module)
            except (SubmissionError, CellEnded) as failure:
                self.run.import_failure = failure
                self.telling.not_imported(failure)
                raise
        return self._subject

    def _driver_module(self) -> Remote:
        if self._driver is None:
            self.import_submission()
            self._driver = self.cell.load_module("driver", _compiled(self.run.driver))
        return self._driver

    # -- parts

    def use_virtual_time(self) -> VirtualClock:
        """Puts the cell's own time, and the services' delays, on a virtual clock."""
        from grader.services.virtual_clock import VirtualClock

        self._only_before_start("virtual_time")
        if self.clock is None:
            self.clock = VirtualClock(self.run.loop, budget=self.budget, advanced=self.transcript.advanced)
        return self.clock

    @cached_property
    def service_clock(self) -> Clock:
        """The clock by which services delay answers."""
        from grader.services.clock import RealClock

        return self.clock if self.clock is not None else RealClock()

    def offer(self, make: Callable[[str], Any], scheme: str, port: int | None = None, *, same: bool = False) -> Any:
        """``make(url)`` is a service that the cell reaches at ``url``; at ``port`` if that must be the ``same``."""
        self._only_before_start("a service")
        listener = None
        if self.run.level is Level.SEALED:
            port = port or _FIRST_PORT + len(self._services)
        else:
            listener = socket.create_server(("127.0.0.1", port if same and port else 0), backlog=512)
            port = int(listener.getsockname()[1])
        service = make(f"{scheme}://127.0.0.1:{port}")
        self._closing.callback(service.close)
        self._services.append((service, port, listener))
        return service

    def listen_for_sites(self) -> list[Path]:
        """Paths of Unix sockets that the cell can serve the submission's app on."""
        self._only_before_start("web")
        folder = Path(tempfile.mkdtemp(prefix="web-", dir=self.run.launcher.folder))
        self._closing.callback(shutil.rmtree, folder, ignore_errors=True)
        self._sites = [folder / str(number) for number in range(MAX_SITES)]
        return self._sites

    def closing(self, close: Callable[[], None]) -> None:
        """Has ``close`` called when the check is over."""
        self._closing.callback(close)

    def _only_before_start(self, what: str) -> None:
        if self.started:
            raise MisuseError(f"{what} must be asked for before the first use of the submission in a check")

    @property
    def fault(self) -> str:
        """What went wrong in the check although the submission is not to blame; empty if nothing did."""
        loop_faults = self.run.loop.faults[self._old_faults :] if "loop" in vars(self.run) else []
        return first_fault([service for service, _, _ in self._services], loop_faults)

    def close(self) -> None:
        """Ends the cell and every part of the check."""
        if self._cell is not None:
            self._cell.process.kill()
        self._closing.close()
        if self.clock is not None:
            self.clock.close()
        if self._cell is not None:
            self._cell.close()


@cache  # one suite has one driver
def _compiled(driver: str) -> bytes:
    """The driver as bytecode for a cell of the same interpreter."""
    try:
        return marshal.dumps(compile(driver, "driver.py", "exec"))
    except SyntaxError as error:
        raise MisuseError(f"driver.py is not Python: {error}") from None


def _listening(path: Path) -> socket.socket:
    """A Unix socket that listens at ``path``, in place of a former one."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(256)
    return listener
