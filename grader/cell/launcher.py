"""Starts a zygote and orders cells from it. A launcher may be used by this process and by every fork of it."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from grader.cell import cgroups, outer
from grader.cell.companions import companions
from grader.cell.deaths import CellUnavailable, ZygoteEnded
from grader.cell.inside.plan import SEALED_FOLDER, USERS, CellPlan, Files, ZygotePlan
from grader.cell.process import CellProcess
from grader.model import Level

_FIRST_UID = 1_000_000  # above the users of any ordinary system
_ranges = itertools.count()  # each zygote has a range of users of its own
_STDERR_BYTES = 1 << 16
_F_ADD_SEALS, _SEAL, _SHRINK, _GROW = 1033, 1, 2, 4
_START_S = 60.0
_PACKAGES = str(Path(__file__).resolve().parents[2])
_PROGRAM = (
    "import sys; sys.path.insert(0, {0!r}); "
    "from grader.cell.inside import zygote; sys.path.remove({0!r}); zygote.main()"
)


class Launcher:
    """One warm zygote at one level of isolation."""

    def __init__(self, level: Level, *, preload: tuple[str, ...] = (), seed: int = 0) -> None:
        if sys.platform != "linux":
            raise CellUnavailable("cells need Linux; elsewhere use a Linux container, a virtual machine or WSL 2")
        if level is Level.SEATBELT:
            raise CellUnavailable("seatbelt is the sandbox of macOS; on Linux use sealed or guarded")
        self.level = level
        #: Holds what cells need on disk, also for processes that end without tidying up.
        self.folder = tempfile.mkdtemp(prefix="onspot-")
        os.chmod(self.folder, 0o711)
        self._readable = outer.readable()
        #: Whether each cell runs as a user of its own, which only root can give it.
        self.own_users = os.getuid() == 0 and (
            level is Level.SEALED or (level is Level.GUARDED and outer.readable_by_all([*self._readable, self.folder]))
        )
        plan = ZygotePlan(
            level=str(level),
            preload=list(preload),
            companions=companions(preload),
            readable=[*self._readable, "/etc/hosts", *([] if level is Level.SEALED else _RESOLVER)],
            first_uid=_FIRST_UID + next(_ranges) * USERS if self.own_users else 0,
        )
        #: Where a cell that may have children gets limits of its own, if this machine lets us.
        self.groups = None if level is Level.GUARDED else cgroups.find()
        self._plan = plan
        self._environment = {**outer.ENVIRONMENT, "PYTHONHASHSEED": str(_hash_seed(seed))}
        try:
            self._open()
        except BaseException:
            _remove(self.folder)
            raise

    def _open(self) -> None:
        """Starts a zygote."""
        if self.level is Level.SEALED and outer.bubblewrap() is None:
            raise CellUnavailable("bubblewrap is not installed")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = os.memfd_create("zygote")
        try:
            self._process = self._start(self._plan, theirs, self._environment)
        except OSError:
            self._control.close()
            os.close(self._errors)
            raise
        finally:
            theirs.close()

    def renew(self) -> None:
        """A new zygote in place of one that has ended, for this process alone."""
        self._control.close()
        os.close(self._errors)
        self._open()
        self.wait_until_ready()

    def _start(self, plan: ZygotePlan, control: socket.socket, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        program = _PROGRAM.format(_PACKAGES)
        line = [
            sys.executable,
            "-s",
            "-P",
            "-c",
            program,
            str(control.fileno()),
            msgspec.json.encode(plan).decode(),
        ]
        inherited = [control.fileno()]
        if self.level is Level.SEALED:
            hosts = outer.hosts_file()
            inherited.append(hosts)
            line = outer.command(self._readable, hosts, environment) + line
        try:
            return subprocess.Popen(
                line, pass_fds=inherited, env=environment, cwd="/", stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=self._errors,
            )  # fmt: skip
        finally:
            for descriptor in inherited[1:]:
                os.close(descriptor)

    def wait_until_ready(self) -> None:
        """Waits for the zygote.

        Raises ``CellUnavailable`` with its last words when it could not start, ``ZygoteEnded`` when it had none to say.
        """
        self._control.settimeout(_START_S)
        try:
            message = self._control.recv(1 << 16)
        except TimeoutError:
            raise CellUnavailable(f"the cells' parent process did not start within {_START_S:.0f} s") from None
        finally:
            self._control.settimeout(None)
        if not message:
            words = self.last_words()
            raise CellUnavailable(words) if words else ZygoteEnded("the cells' parent process ended at once")
        note = msgspec.msgpack.decode(message)
        if note[0] != "ready":
            raise CellUnavailable(str(note[1]))

    def last_words(self) -> str:
        """What the zygote wrote to its standard error."""
        return os.pread(self._errors, 1 << 16, 0).decode("utf-8", "replace").strip()[-2000:]

    def spawn(self, files: dict[str, bytes], plan: CellPlan, extra: dict[str, int] | None = None) -> CellProcess:
        """A fresh cell with ``files`` in its folder. ``extra`` are open files for it, by name.

        Raises ``CellUnavailable``: that a cell cannot be made is never the learner's fault.
        """
        extra = extra or {}
        plan.descriptors = list(extra)
        scratch = None
        if self.level is Level.SEALED:
            plan.folder = SEALED_FOLDER
        else:
            scratch = plan.folder = tempfile.mkdtemp(dir=self.folder)
            os.chmod(scratch, 0o755)
        ours, channel = socket.socketpair()
        status, teller = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors = _sealed_memory(_STDERR_BYTES)
        content = os.memfd_create("files")
        os.write(content, msgspec.msgpack.encode(Files(files)))
        sent = [channel.fileno(), teller.fileno(), errors, content, *extra.values()]
        try:
            socket.send_fds(self._control, [msgspec.msgpack.encode(plan)], sent)
        except OSError as error:
            raise ZygoteEnded(f"{error}; {self.last_words()}") from None
        finally:
            channel.close()
            teller.close()
            os.close(content)
        process = CellProcess(ours, status, errors, (lambda: _remove(scratch)) if scratch else None)
        process.folder, process.cpu_s, process.memory_mb = plan.folder, plan.cpu_s, plan.memory_mb
        process.watched_folder = scratch or ""
        process.is_sealed = self.level is Level.SEALED
        process.wait_until_started(len(plan.listen), _START_S)
        if plan.processes and self.groups is not None:
            try:
                process.join(self.groups.make(plan.memory_mb << 20))
            except OSError as error:
                process.close()
                raise CellUnavailable(f"the cell's control group cannot be used: {error}") from None
        return process

    def close(self) -> None:
        """Ends the zygote and with it every cell."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        os.close(self._errors)
        _remove(self.folder)
        if self.groups is not None:
            self.groups.close()


def _hash_seed(seed: int) -> int:
    """What sets of strings are ordered by: it follows the seed, and does not give it away."""
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


_RESOLVER = ["/etc/nsswitch.conf", "/etc/host.conf"]


def _sealed_memory(size: int) -> int:
    """A memory file that can be written but never grows."""
    descriptor = os.memfd_create("stderr", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.ftruncate(descriptor, size)
    fcntl.fcntl(descriptor, _F_ADD_SEALS, _SHRINK | _GROW | _SEAL)
    return descriptor


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
