"""Twelve things about sandboxes that are not what one would think; what each would have cost, tried."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.catalog import layout
from grader.cell import levels, outer
from grader.cell.deaths import CellUnavailable
from grader.cell.inside import landlock, linux
from grader.cell.inside.plan import CellPlan
from grader.cell.launcher import Launcher
from grader.model import Level
from grader.suite.runner import storage
from tests.cells import MODULE, CellMaker, cell_of, eventually
from tests.test_layers import alone

Launchers = Callable[[Level], Launcher]


@pytest.fixture
def sealed(launcher_of: Launchers) -> Iterator[CellMaker]:
    """Makes sealed cells."""
    maker = CellMaker(launcher_of(Level.SEALED))
    yield maker
    maker.close()


@pytest.fixture
def guarded(launcher_of: Launchers) -> Iterator[CellMaker]:
    """Makes guarded cells."""
    maker = CellMaker(launcher_of(Level.GUARDED))
    yield maker
    maker.close()


def status(pid: int) -> dict[str, str]:
    """What the kernel says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


READER = """
import os, socket
def read(path):
    try:
        with open(path, "rb") as file: return file.read(10)
    except OSError as error: return type(error).__name__
def append(path):
    try:
        with open(path, "ab"): return "opened"
    except OSError as error: return type(error).__name__
def connect(path):
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
            return "connected"
    except OSError as error: return type(error).__name__
def listing(path): return sorted(os.listdir(path))
def pids(): return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
def own_pid(): return os.getpid()
"""


def test_01_bubblewrap_as_root_keeps_capabilities(sealed: CellMaker) -> None:
    """So all but a few are dropped, the cell is another user for the whole machine, and settings stay closed."""
    subject = sealed(READER)
    pid = cell_of(subject).process.pid
    parent = int(status(pid)["PPid"])
    if os.getuid() == 0:
        kept = int(status(parent)["CapEff"], 16)
        allowed = {0, 5, 6, 7, 12, 21}  # CHOWN, KILL, SETGID, SETUID, NET_ADMIN, SYS_ADMIN
        assert kept & ~sum(1 << capability for capability in allowed) == 0
        assert all(int(uid) >= 1_000_000 for uid in status(pid)["Uid"].split())
    assert int(status(pid)["CapEff"], 16) == int(status(pid)["CapPrm"], 16) == 0
    assert subject.append("/proc/sys/kernel/core_pattern") in ("PermissionError", "OSError", "FileNotFoundError")


def test_02_landlock_does_not_see_unix_sockets(guarded: CellMaker, tmp_path: Path) -> None:
    """So a guarded cell has none: one that only Landlock held would reach a server in a folder it cannot read."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def with_landlock_alone() -> str:
            rules = landlock.Ruleset(limit_tcp=True)
            linux.no_new_privileges()
            rules.enforce()
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(str(tmp_path / "s"))
            return "connected"

        if landlock.abi() < 9:
            assert alone(with_landlock_alone) == "connected"
        assert guarded(READER).connect(str(tmp_path / "s")) == "PermissionError"


def test_03_a_listener_leaves_its_network_namespace(sealed: CellMaker) -> None:
    """So services need no relay: a cell without any network but its own is answered from outside."""
    cell = sealed.cell(
        "import socket\ndef ask(): return socket.create_connection(('127.0.0.1', 8001)).recv(5)", listen=[8001]
    )
    (listener,) = cell.process.listeners
    assert os.readlink(f"/proc/{cell.process.pid}/ns/net") != os.readlink("/proc/self/ns/net")  # noqa: PTH115
    with socket.socket() as here:
        assert here.connect_ex(("127.0.0.1", 8001)) != 0

    async def serve() -> bytes:
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(None, cell.import_module(MODULE).ask)
        connection, _ = await loop.run_in_executor(None, listener.accept)
        connection.sendall(b"hello")
        connection.close()
        return bytes(await asked)

    assert asyncio.run(serve()) == b"hello"


def test_04_hypothesis_needs_a_warm_storage(tmp_path: Path) -> None:
    """So its tables lie in one folder of the user's, and are found again by the next process."""
    assert storage().name == "hypothesis"
    program = """
        import sys
        from pathlib import Path
        from grader.model import RunOptions
        from grader.suite.runner import settle_hypothesis, storage
        settle_hypothesis(RunOptions())
        from hypothesis.internal import charmap
        charmap.charmap()
        print(charmap.charmap_file().is_relative_to(storage()), charmap.charmap_file().stat().st_mtime_ns)
    """
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    told = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            cwd=layout.default_root(), env=environment, capture_output=True, text=True, check=True,
        ).stdout.split()
        for _ in range(2)
    ]  # fmt: skip
    assert told[0] == told[1]
    assert told[0][0] == "True"


def test_05_the_fork_is_what_costs(sealed: CellMaker) -> None:
    """So there is one for each cell, from a parent of one thread: the first process of its namespace, at once."""
    pids = [sealed.cell("x = 1").process.pid for _ in range(2)]
    parents = {status(pid)["PPid"] for pid in pids}
    assert len(parents) == 1
    assert status(int(parents.pop()))["Threads"] == "1"
    assert [status(pid)["NSpid"].split()[-1] for pid in pids] == ["1", "1"]


def test_06_best_effort_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So a layer that fails leaves no cell: here a path that can neither be opened nor passed over."""
    (tmp_path / "file").write_text("")
    readable = [*outer.readable(), str(tmp_path / "file" / "below")]
    monkeypatch.setattr(outer, "readable", lambda: readable)
    launcher = Launcher(Level.GUARDED)
    try:
        launcher.wait_until_ready()
        with pytest.raises(CellUnavailable, match="could not be confined"):
            launcher.spawn({}, CellPlan(""))
    finally:
        launcher.close()
    with pytest.raises(Exception, match="no cell can be made at level guarded"):
        levels.open_cells(Level.GUARDED)


def test_07_the_next_fork_lands_in_the_last_namespace(sealed: CellMaker) -> None:
    """So the zygote goes back to its own first: every cell is alone, and outlives the one before it."""
    first, second = sealed(READER), sealed(READER)
    assert [first.own_pid(), second.own_pid(), second.pids()] == [1, 1, [1]]
    before = cell_of(first).process.pid
    cell_of(first).close()
    assert eventually(lambda: not Path(f"/proc/{before}").exists())
    assert second.own_pid() == 1


def test_08_missing_parents_are_closed_and_proc_is_covered(sealed: CellMaker) -> None:
    """So folders on the way to an interpreter are opened, and each cell mounts a /proc of its own."""
    subject = sealed(READER)
    assert subject.pids() == [1]
    assert subject.read(os.__file__) == Path(os.__file__).read_bytes()[:10]
    for path in outer.readable():
        if os.path.isdir(path):  # noqa: PTH112 - told as text
            assert subject.listing(path) is not None


def test_09_a_zygote_must_not_be_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a light suite it gains little, so it imports while the suite is prepared."""
    order: list[str] = []
    wait, start = Launcher.wait_until_ready, Launcher._start

    def waiting(self: Launcher) -> None:
        order.append("waited")
        wait(self)

    def starting(self: Launcher, *rest: Any) -> Any:
        order.append("started")
        return start(self, *rest)

    monkeypatch.setattr(Launcher, "wait_until_ready", waiting)
    monkeypatch.setattr(Launcher, "_start", starting)
    levels.open_cells(Level.BARE, meanwhile=lambda: order.append("prepared")).close()
    assert order == ["started", "prepared", "waited"]


def test_10_frozen_clocks_make_asyncio_hang(make: CellMaker) -> None:
    """So a cell's time jumps instead: ten minutes of sleep pass, and its own clock says so."""
    from grader.services.loop import ServiceLoop
    from grader.services.virtual_clock import VirtualClock

    loop = ServiceLoop()
    clock = VirtualClock(loop)
    ours, theirs = socket.socketpair()
    clock.attach(ours)
    source = """
    import asyncio, time
    def nap():
        before = time.monotonic()
        asyncio.run(asyncio.sleep(600))
        time.sleep(600)
        return time.monotonic() - before
    """
    cell = make.cell(source, extra={"clock": theirs.fileno()}, virtual_time=True)
    theirs.close()
    try:
        cell._line._waiting = clock.waiting
        assert cell.import_module(MODULE).nap() == pytest.approx(1200)
    finally:
        cell.close()
        clock.close()
        loop.close()


def test_11_dockers_default_profile_refuses_more_than_namespaces(tmp_path: Path) -> None:
    """So nothing that a guarded cell is made of is among what it refuses."""
    command = [sys.executable, "-m", "grader", "grade", "week2/lru_cache", "--submission", "solutions", "--json", "-"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    graded = subprocess.run(
        [sys.executable, "-m", "tests.places", "--docker", "--", *command],
        cwd=layout.default_root(), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(graded.stdout)
    assert (report["isolation"]["level"], report["score"]) == ("guarded", 100)


def test_12_a_fork_keeps_what_an_exec_would_close(make: CellMaker) -> None:
    """So everything is closed by hand: three standard streams and the channel are left, and lead nowhere else."""
    subject = make(
        """
        import os
        def held():
            found = {}
            for name in range(4096):
                try: found[name] = os.readlink(f"/proc/self/fd/{name}").partition(":")[0].partition(" ")[0]
                except OSError: pass
            return found
        """
    )
    held = subject.held()
    assert sorted(held)[:3] == [0, 1, 2]
    assert [held.pop(number) for number in (0, 1, 2)] == ["/dev/null", "/dev/null", "/memfd"]
    assert list(held.values()) == ["socket"]
