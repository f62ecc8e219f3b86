"""What a submission cannot read, reach, write or start, by level; and what no level promises."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.catalog import layout
from grader.cell import outer
from grader.cell.launcher import Launcher
from grader.model import Level
from tests.cells import MODULE, CellMaker, cell_of

ROOT = layout.default_root()

SOURCE = """
import os, socket, threading

def read(path):
    try:
        with open(path, "rb") as file: return file.read(10)
    except OSError as error: return type(error).__name__

def listing(path):
    try: return os.listdir(path)
    except OSError as error: return type(error).__name__

def write(path, size=4):
    try:
        with open(path, "wb") as file: file.write(b"x" * size)
        return "written"
    except OSError as error: return type(error).__name__

def connect(host, port, kind="STREAM", family="INET"):
    try:
        with socket.socket(getattr(socket, "AF_" + family), getattr(socket, "SOCK_" + kind)) as one:
            one.settimeout(2)
            one.connect(port if family == "UNIX" else (host, port))
            one.send(b"hello")
            return "sent"
    except OSError as error: return type(error).__name__

def attempt(name, *args):
    try: return getattr(os, name)(*args)
    except OSError as error: return type(error).__name__

def status():
    with open("/proc/self/status") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}

def environment(): return dict(os.environ)
def lift_limit():
    import resource
    try: return resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
    except (OSError, ValueError) as error: return type(error).__name__

def uid(): return os.getuid()

def open_files():
    opened = []
    try:
        while True: opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError: return len(opened)

def threads(count):
    stop = threading.Event()
    started = []
    try:
        for _ in range(count):
            started.append(threading.Thread(target=stop.wait))
            started[-1].start()
    except RuntimeError: pass
    finally: stop.set()
    return len([thread for thread in started if thread.ident])
"""

CONFINED = (Level.SEALED, Level.GUARDED)
READABLE = outer.readable()
REFUSED = ("PermissionError", "FileNotFoundError")
SYSTEM = ("/home", "/root/.ssh", "/var", "/run", "/sys", "/etc", "/tmp", "/mnt", "/opt", "/boot")


def ways(path: str) -> set[Path]:
    """The path and every folder above it."""
    return {Path(path), *Path(path).parents}


@pytest.fixture(params=CONFINED, ids=str)
def confined(request: pytest.FixtureRequest, launcher_of: Callable[[Level], Launcher]) -> Iterator[Any]:
    """A submission at a level that confines it."""
    maker = CellMaker(launcher_of(request.param))
    yield maker(SOURCE)
    maker.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of this machine that was not offered to any cell."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


class TestReading:
    """Files and processes that are none of its business."""

    def test_files_that_are_none_of_its_business(self, confined: Any) -> None:
        """The suites, the grader, the system's users, this very process."""
        paths = [next((ROOT / "solutions").rglob("suite.py")), ROOT / "pyproject.toml", ROOT / "grader/cell/cell.py"]
        paths += [Path(__file__), Path("/etc/passwd"), Path("/etc/shadow"), Path(f"/proc/{os.getpid()}/environ")]
        assert [confined.read(str(path)) in REFUSED for path in paths] == [True] * len(paths)

    def test_folders_show_only_what_leads_to_the_library(self, confined: Any) -> None:
        """A folder is closed, or holds nothing but the way to an interpreter that lies below."""
        for folder in (ROOT, ROOT / "solutions", Path.home(), *map(Path, SYSTEM)):
            shown = confined.listing(str(folder))
            if shown not in REFUSED:
                assert {folder / name for name in shown} <= {way for path in READABLE for way in ways(path)}

    def test_the_parents_process(self, confined: Any) -> None:
        """Its memory, files and environment stay closed; a sealed cell does not even see it."""
        parent = confined.attempt("getppid")
        for name in ("environ", "mem", "maps", "cmdline", "cwd/x", "fd/0"):
            assert confined.read(f"/proc/{parent}/{name}") in REFUSED

    def test_the_files_of_other_cells(self, confined: Any) -> None:
        """Two cells at once do not see each other's folders."""
        folder = cell_of(confined).process.folder
        assert confined.read(f"{folder}/toy.py") == b"\nimport os"
        other = CellMaker(Launcher(Level.BARE))
        other.launcher.wait_until_ready()
        try:
            theirs = cell_of(other(SOURCE)).process.folder
            assert confined.read(f"{theirs}/toy.py") in REFUSED
        finally:
            other.close()
            other.launcher.close()

    def test_its_own_files_and_the_library_can_be_read(self, make: CellMaker) -> None:
        """At every level."""
        subject = make(SOURCE, files={"data/table.txt": b"1,2,3"})
        assert subject.read("data/table.txt") == b"1,2,3"
        assert subject.read(os.__file__)[:1] == b"r"


class TestNetwork:
    """Nobody is reached but the services that were offered."""

    def test_a_port_that_was_not_offered(self, confined: Any, listener: socket.socket) -> None:
        """Not on this machine."""
        port = listener.getsockname()[1]
        assert confined.connect("127.0.0.1", port) in ("PermissionError", "ConnectionRefusedError", "OSError")

    def test_other_machines_and_datagrams(self, confined: Any) -> None:
        """No route out, and no UDP, which Landlock would not see."""
        assert confined.connect("192.0.2.1", 80) != "sent"
        assert confined.connect("192.0.2.1", 53, "DGRAM") == "OSError"
        assert confined.connect("127.0.0.1", 53, "RAW") in ("OSError", "PermissionError")

    def test_an_offered_port(self, launcher_of: Callable[[Level], Launcher], listener: socket.socket) -> None:
        """A guarded cell reaches the ports that it was given, by TCP."""
        maker, port = CellMaker(launcher_of(Level.GUARDED)), listener.getsockname()[1]
        assert maker(SOURCE, connect=[port]).connect("127.0.0.1", port) == "sent"
        assert maker(SOURCE, connect=[1]).connect("127.0.0.1", port) == "PermissionError"
        maker.close()

    def test_a_listener_of_a_sealed_cells_own(self, launcher_of: Callable[[Level], Launcher]) -> None:
        """A sealed cell has a network of its own; its listeners are handed out before anything of it runs."""
        maker = CellMaker(launcher_of(Level.SEALED))
        cell = maker.cell(SOURCE, listen=[8001])
        assert cell.import_module(MODULE).connect("127.0.0.1", 8001) == "sent"
        accepted, _ = cell.process.listeners[0].accept()
        assert accepted.recv(5) == b"hello"
        accepted.close()
        maker.close()

    def test_unix_sockets(self, confined: Any, tmp_path: Path) -> None:
        """Landlock does not see them: a guarded cell has none, a sealed one sees no path and no foreign name."""
        with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as abstract:
            by_path.bind(str(tmp_path / "s"))
            by_path.listen()
            abstract.bind(f"\0onspot-{os.getpid()}")
            abstract.listen()
            for name in (str(tmp_path / "s"), f"\0onspot-{os.getpid()}"):
                assert confined.connect("", name, family="UNIX") in (*REFUSED, "ConnectionRefusedError")


class TestWriting:
    """Disk and other people's things."""

    def test_nothing_is_written_beside_its_own_tmp(self, confined: Any) -> None:
        """Its own folder, the library and the system are read only."""
        for path in ("toy.py", "new.py", f"{sys.prefix}/x.pth", "/usr/x", "/etc/x", "/x"):
            assert confined.write(path) in ("PermissionError", "OSError", "FileNotFoundError")

    def test_a_sealed_tmp_is_private_and_small(self, launcher_of: Callable[[Level], Launcher]) -> None:
        """16 MiB that nobody else sees and the next cell does not find."""
        maker = CellMaker(launcher_of(Level.SEALED))
        one, two = maker(SOURCE), maker(SOURCE)
        assert one.write("/tmp/mark") == "written"
        assert two.read("/tmp/mark") == "FileNotFoundError"
        assert not Path("/tmp/mark").exists()
        assert [one.write(f"/tmp/{number}", 8 << 20) for number in range(3)].count("written") < 2
        maker.close()

    def test_a_guarded_cell_writes_only_when_it_may(self, launcher_of: Callable[[Level], Launcher]) -> None:
        """In its own folder, which is gone with the cell."""
        maker = CellMaker(launcher_of(Level.GUARDED))
        subject = maker(SOURCE, writable=True)
        folder = cell_of(subject).process.folder
        assert subject.write("new.txt") == "written"
        assert subject.write("/tmp/mark") == "PermissionError"
        maker.close()
        assert not Path(folder).exists()

    def test_kernel_settings_stay_closed(self, confined: Any) -> None:
        """Not even root's bubblewrap may open what belongs to the whole machine."""
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj"):
            before = Path(path).read_bytes() if path.endswith("pattern") else b""
            assert confined.write(path) in ("PermissionError", "OSError", "FileNotFoundError")
            assert not before or Path(path).read_bytes() == before


class TestStarting:
    """Processes, privileges, room."""

    def test_no_children_unless_asked_for(self, confined: Any) -> None:
        """Threads only."""
        assert confined.attempt("fork") == "PermissionError"
        assert confined.attempt("posix_spawn", "/bin/true", ["true"], {}) == "PermissionError"
        assert confined.threads(20) == 20

    def test_a_group_of_its_own(self, confined: Any) -> None:
        """``kill(0, ...)`` reaches nobody else: not the zygote's group either, across a pid namespace."""
        own = confined.attempt("getpid")
        assert confined.attempt("getpgid", 0) == confined.attempt("getsid", 0) == own

    def test_no_privileges(self, confined: Any) -> None:
        """No capability, no way to gain one, a system call filter."""
        status = confined.status()
        assert (int(status["CapEff"], 16), int(status["CapPrm"], 16)) == (0, 0)
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")

    def test_limits_cannot_be_lifted(self, confined: Any) -> None:
        """What was given is all there is."""
        assert confined.lift_limit() in ("ValueError", "PermissionError")

    def test_cells_of_root_are_users_of_their_own(self, launcher_of: Callable[[Level], Launcher]) -> None:
        """As this machine sees it, no matter what the cell believes."""
        if os.getuid():
            pytest.skip("only root can change users")
        maker = CellMaker(launcher_of(Level.SEALED))
        pid = cell_of(maker(SOURCE)).process.pid
        status = Path(f"/proc/{pid}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert all(int(uid) >= 1_000_000 for uid in uids)
        assert "CapEff:\t0000000000000000" in status
        maker.close()

    def test_room_is_bounded(self, confined: Any) -> None:
        """Open files and threads end with an error, not with the machine."""
        assert confined.open_files() <= 512
        if confined.uid() not in (0, os.getuid()):
            assert confined.threads(400) <= 128

    def test_the_environment_is_an_allow_list(self, make: CellMaker, monkeypatch: pytest.MonkeyPatch) -> None:
        """Five names; nothing of the user's, nothing of the seed."""
        monkeypatch.setenv("ONSPOT_SECRET", "x")
        environment = make(SOURCE).environment()
        assert set(environment) <= {"PATH", "LANG", "HOME", "TMPDIR", "SSL_CERT_DIR", "PWD", "LC_CTYPE"}
        assert environment["HOME"] == "/tmp"
