"""Every layer of isolation alone, in a forked child of this process: what it holds when nothing else does."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.cell.inside import confine, landlock, linux, seccomp
from grader.cell.inside.plan import CellPlan

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can do this without a user namespace")
needs_landlock = pytest.mark.skipif(landlock.abi() < landlock.TCP_ABI, reason="this kernel has no Landlock with ports")


def alone(work: Callable[[], Any]) -> Any:
    """What ``work()`` returns, or the name of the OSError that it raises, in a child that ends behind it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            result = work()
        except OSError as error:
            result = errno.errorcode.get(error.errno or 0, type(error).__name__)
        except BaseException as error:  # noqa: BLE001 - told to the parent
            result = f"{type(error).__name__}: {error}"
        os.write(writing, msgspec.msgpack.encode(result))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        data = answer.read()
    _, status = os.waitpid(child, 0)
    return msgspec.msgpack.decode(data) if data else f"signal {os.WTERMSIG(status)}"


def tried(*attempts: Callable[[], Any]) -> list[str]:
    """For each attempt "done", or the name of its error."""
    found = []
    for attempt in attempts:
        try:
            attempt()
            found.append("done")
        except OSError as error:
            found.append(errno.errorcode.get(error.errno or 0, "OSError"))
    return found


@pytest.fixture
def bystander() -> Iterator[int]:
    """A process of the same user that must come to no harm."""
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    yield child
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def reach(port: int) -> None:
    with socket.socket() as one:
        one.connect(("127.0.0.1", port))


def held_by_seccomp(**allowed: bool) -> None:
    linux.no_new_privileges()
    rules = {"processes": False, "tcp": False, "unix": False, "metadata": False, "own_pids": False}
    seccomp.apply(**{**rules, **allowed})


@needs_landlock
class TestLandlock:
    """Files and ports, without namespaces, seccomp or another user."""

    def test_files(self, tmp_path: Path) -> None:
        """What is listed can be read, what lies beside it cannot; nothing can be written, removed or listed."""
        (tmp_path / "open").mkdir()
        (tmp_path / "open" / "file").write_text("x")
        (tmp_path / "secret").write_text("x")

        def work() -> list[str]:
            rules = landlock.Ruleset(limit_tcp=True)
            rules.allow_reading([str(tmp_path / "open")])
            linux.no_new_privileges()
            rules.enforce()
            return tried(
                lambda: (tmp_path / "open" / "file").read_text(),
                lambda: (tmp_path / "secret").read_text(),
                lambda: os.listdir(tmp_path),
                lambda: (tmp_path / "open" / "file").write_text("y"),
                lambda: (tmp_path / "open" / "new").mkdir(),
                lambda: os.unlink(tmp_path / "open" / "file"),
                lambda: os.truncate(tmp_path / "secret", 0),
                lambda: os.rename(tmp_path / "secret", tmp_path / "other"),
                lambda: os.link(tmp_path / "secret", tmp_path / "open" / "link"),
            )

        assert alone(work) == ["done", *["EACCES"] * 7, alone(work)[-1]]
        assert alone(work)[-1] in ("EACCES", "EXDEV")
        assert (tmp_path / "secret").read_text() == "x"

    def test_ports(self) -> None:
        """TCP to the listed ports only, and no listening."""
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            ports = [listener.getsockname()[1] for listener in (one, other)]

            def work() -> list[str]:
                rules = landlock.Ruleset(limit_tcp=True)
                rules.allow_ports(ports[:1])
                linux.no_new_privileges()
                rules.enforce()
                return tried(
                    *(partial(reach, port) for port in ports),
                    lambda: socket.create_server(("127.0.0.1", 0)).close(),
                )

            assert alone(work) == ["done", "EACCES", "EACCES"]

    @pytest.mark.skipif(landlock.abi() < landlock.SCOPES_ABI, reason="this kernel's Landlock knows no signals")
    def test_signals(self, bystander: int) -> None:
        """None to processes outside, where the kernel can."""

        def work() -> list[str]:
            rules = landlock.Ruleset(limit_tcp=True)
            linux.no_new_privileges()
            rules.enforce()
            return tried(lambda: os.kill(bystander, 0), lambda: os.kill(os.getpid(), 0))

        assert alone(work) == ["EPERM", "done"]

    @pytest.mark.parametrize(("version", "limit_tcp", "works"), [(0, False, False), (1, False, True), (3, True, False)])
    def test_a_kernel_that_offers_less(
        self, monkeypatch: pytest.MonkeyPatch, version: int, limit_tcp: bool, works: bool
    ) -> None:
        """What cannot be held is an error, never a weaker rule."""
        monkeypatch.setattr(landlock, "abi", lambda: version)
        with contextlib.nullcontext() if works else pytest.raises(OSError, match="Landlock ABI"):
            os.close(landlock.Ruleset(limit_tcp=limit_tcp)._descriptor)


class TestSeccomp:
    """Calls that are refused, without Landlock or namespaces."""

    def test_children(self) -> None:
        """Threads only, unless asked for."""

        def without() -> int:
            held_by_seccomp()
            return os.fork()

        assert alone(without) == "EPERM"

        def with_children() -> int:
            held_by_seccomp(processes=True)
            child = os.fork()
            return os._exit(7) if child == 0 else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        assert alone(with_children) == 7

    def test_sockets(self) -> None:
        """None, or TCP, or Unix; never datagrams to other machines, raw packets or the kernel's own families."""
        kinds = [
            (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_STREAM),
            (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM),
            (socket.AF_INET, socket.SOCK_RAW), (socket.AF_NETLINK, socket.SOCK_RAW),
            (socket.AF_VSOCK, socket.SOCK_STREAM),
        ]  # fmt: skip

        def opened(**allowed: bool) -> Any:
            def work() -> list[bool]:
                held_by_seccomp(**allowed)
                return [result == "done" for result in tried(*(partial(socket.socket, *kind) for kind in kinds))]

            return alone(work)

        assert opened() == [False] * 7
        assert opened(tcp=True) == [True, True, False, False, False, False, False]
        assert opened(unix=True) == [False, False, True, False, False, False, False]

        def pair() -> int:
            held_by_seccomp()
            return len(socket.socketpair())

        assert alone(pair) == 2

    def test_other_processes(self, bystander: int) -> None:
        """No signal, no limit, no look into memory, and no file that would send a signal for it."""
        read, write = os.pipe()
        handle = os.pidfd_open(bystander)

        def work() -> list[str]:
            held_by_seccomp()
            return tried(
                lambda: os.kill(bystander, signal.SIGKILL),
                lambda: os.kill(-1, signal.SIGKILL),
                lambda: signal.pidfd_send_signal(handle, signal.SIGKILL),
                lambda: resource.prlimit(bystander, resource.RLIMIT_NOFILE, (0, 0)),
                lambda: fcntl.fcntl(read, 8, bystander),  # F_SETOWN
                lambda: fcntl.fcntl(read, 10, signal.SIGKILL),  # F_SETSIG
                lambda: os.setpriority(os.PRIO_PROCESS, bystander, 19),
                lambda: os.sched_setaffinity(bystander, {0}),
                lambda: call(seccomp._TO_OTHERS["inotify_add_watch"][column()], 0, 0, 0),
                lambda: call(seccomp._NEVER["ptrace"][column()], 16, bystander, 0, 0),
                lambda: call(seccomp._NEVER["process_vm_readv"][column()], bystander, 0, 0, 0, 0, 0),
            )

        assert alone(work) == ["EPERM"] * 11
        assert os.waitpid(bystander, os.WNOHANG) == (0, 0)
        for descriptor in (read, write, handle):
            os.close(descriptor)

    def test_itself(self) -> None:
        """What Python needs of the same calls works."""

        def work() -> list[str]:
            held_by_seccomp()
            return tried(
                lambda: os.kill(os.getpid(), 0),
                lambda: signal.raise_signal(signal.SIGURG),
                lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
                lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99)),
            )

        assert alone(work) == ["done"] * 4

    @pytest.mark.parametrize("name", sorted(seccomp._NEVER))
    def test_what_is_never_allowed(self, name: str) -> None:
        """Whatever a cell may otherwise do."""
        number = seccomp._NEVER[name][column()]
        if number == 0:
            pytest.skip("this architecture has no such call")

        def work() -> None:
            held_by_seccomp(processes=True, tcp=True, unix=True, metadata=True, own_pids=True)
            linux.check(linux.libc.syscall(number, 0, 0, 0, 0, 0, 0), name)

        assert alone(work) == "EPERM"

    @pytest.mark.parametrize("number", [467, 470, 600, 1 << 20])
    def test_calls_of_kernels_to_come(self, number: int) -> None:
        """Unknown ones are not there; a libc falls back to older ones."""

        def work() -> int:
            held_by_seccomp()
            return call(number)

        assert alone(work) == "ENOSYS"

    def test_metadata(self, tmp_path: Path) -> None:
        """Modes, owners, times and attributes of files that others share stay."""
        (tmp_path / "file").write_text("x")

        def work() -> list[str]:
            held_by_seccomp()
            path = tmp_path / "file"
            return tried(
                lambda: os.chmod(path, 0o777),
                lambda: os.chown(path, -1, -1),
                lambda: os.utime(path, (0, 0)),
                lambda: os.setxattr(path, "user.x", b"x"),
                lambda: os.removexattr(path, "user.x"),
            )

        assert alone(work) == ["EPERM"] * 5


def call(*numbers: int) -> int:
    """A call of the kernel by its number."""
    return linux.check(linux.libc.syscall(*numbers), "call")


def column() -> int:
    """Which of a call's numbers is this machine's."""
    return list(seccomp._AUDIT).index(os.uname().machine)


class TestPrivileges:
    """No new ones, none of the old ones."""

    def test_no_new_privileges(self) -> None:
        """Set-uid programs have no effect; the kernel says so."""

        def work() -> str:
            linux.no_new_privileges()
            return Path("/proc/self/status").read_text().partition("NoNewPrivs:\t")[2][0]

        assert alone(work) == "1"

    @needs_root
    def test_capabilities(self) -> None:
        """Root without them is refused what only root may do."""

        def work() -> list[str]:
            linux.drop_capabilities()
            return tried(lambda: os.setuid(12_345), lambda: os.chroot("/"), lambda: os.chown("/tmp", 1, 1))

        assert alone(work) == ["EPERM"] * 3

    @needs_root
    def test_another_user(self, tmp_path: Path) -> None:
        """For good: files of the old user are closed, its processes out of reach, and there is no way back."""
        (tmp_path / "secret").write_text("x")
        (tmp_path / "secret").chmod(0o600)
        parent = os.getpid()

        def work() -> Any:
            linux.change_user(1_234_567)
            return [
                os.getresuid() == os.getresgid() == (1_234_567,) * 3, os.getgroups(),
                *tried(lambda: (tmp_path / "secret").read_text(), lambda: os.kill(parent, 0), lambda: os.setuid(0)),
            ]  # fmt: skip

        assert alone(work) == [True, [], "EACCES", "EPERM", "EPERM"]


class TestLimits:
    """What one process may use up, by rlimits alone."""

    def test_each(self) -> None:
        """Memory, files, open files, dumps; none can be raised again."""

        def work() -> Any:
            confine._limit(CellPlan("", memory_mb=256, cpu_s=5), count_tasks=False)
            with tempfile.TemporaryFile() as file:
                opened = []
                try:
                    written = tried(lambda: os.pwrite(file.fileno(), b"x", confine._FILE_BYTES))
                    opened = [os.dup(0) for _ in range(600)]
                except OSError as error:
                    written.append(errno.errorcode[error.errno or 0])
                finally:
                    for descriptor in opened:
                        os.close(descriptor)
            try:
                memory = len(bytearray(300 << 20))
            except MemoryError:
                memory = 0
            lifted = [
                name for name in ("AS", "DATA", "CPU", "FSIZE", "NOFILE", "CORE", "MSGQUEUE")
                if os.getuid() and not _refused(getattr(resource, f"RLIMIT_{name}"))
            ]  # fmt: skip
            return [written, memory, lifted, resource.getrlimit(resource.RLIMIT_CORE)]

        assert alone(work) == [["EFBIG", "EMFILE"], 0, [], [0, 0]]

    def test_cpu_time(self) -> None:
        """The kernel ends a process that has used up its seconds."""

        def work() -> None:
            confine._limit(CellPlan("", cpu_s=1), count_tasks=False)
            while True:
                pass

        assert alone(work) == f"signal {signal.SIGKILL}"


def _refused(kind: int) -> bool:
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return True
    return False


@needs_root
class TestNamespaces:
    """Made by hand, as a sealed cell's are, without Landlock or seccomp."""

    def test_view(self, tmp_path: Path) -> None:
        """Own mounts, network, host name and IPC; what is mounted here is not there."""

        def work() -> Any:
            before = [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "uts", "ipc")]
            linux.unshare(linux.NEW_NETWORK | linux.NEW_MOUNTS | linux.NEW_IPC | linux.NEW_HOSTNAME)
            linux.mount(None, "/", None, linux.RECURSIVE | linux.PRIVATE)
            linux.mount("tmpfs", str(tmp_path), "tmpfs", linux.NO_SUID, "size=1m,nr_inodes=9")
            linux.loopback_up()
            (tmp_path / "mine").write_text("x")
            after = [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "uts", "ipc")]
            return [
                not set(before) & set(after), [name for _, name in socket.if_nameindex()],
                *tried(lambda: (tmp_path / "big").write_bytes(bytes(2 << 20))),
            ]  # fmt: skip

        differs, interfaces, large = alone(work)
        assert (differs, interfaces[0], large) == (True, "lo", "ENOSPC")
        assert list(tmp_path.iterdir()) == []

    def test_pids(self) -> None:
        """The first process of a namespace is number 1, and all others end with it."""

        def work() -> int:
            linux.unshare(linux.NEW_PIDS)
            first = os.fork()
            if first == 0:
                os._exit(os.getpid())
            return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])

        assert alone(work) == 1
