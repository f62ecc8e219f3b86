"""The warm process that cells are forked from: trusted code, one thread, started with few variables.

    python -s -P -c "..." CONTROL_DESCRIPTOR PLAN_JSON

Each order is one message on the control socket with four files: the cell's channel, a status socket, standard error,
and a memory file with the submission's files; further files follow as named in the plan. On the status socket go
``pid`` with a pidfd, and ``exit`` with the wait status, CPU seconds and peak memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import traceback
import warnings
from typing import Any

import msgspec

from grader.cell.inside import linux
from grader.cell.inside.channel import Channel
from grader.cell.inside.confine import confine
from grader.cell.inside.frames import encode
from grader.cell.inside.plan import CellPlan, Files, ZygotePlan
from grader.cell.inside.pristine import Originals
from grader.cell.inside.server import Server

_MAX_ORDER = 1 << 16
_MAX_DESCRIPTORS = 64


class Zygote:
    """Forks one cell for each order until nobody can order any more."""

    def __init__(self, control: socket.socket, plan: ZygotePlan) -> None:
        self._control = control
        self._plan = plan
        self._own_pids = -1
        self._ordered = 0
        self._status: dict[int, socket.socket] = {}  # pid -> where to tell of its end
        self._poll = select.poll()

    def run(self) -> None:
        """Never returns in the zygote; in a forked cell it ends with the cell."""
        if self._plan.level == "sealed":
            self._enter_own_pid_namespace()
        else:
            linux.adopt_orphans()
        _preload(self._plan)
        self._originals = Originals()
        if virtual_time := sys.modules.get("grader.cell.inside.virtual_time"):
            virtual_time.places()
        gc.collect()
        gc.freeze()
        ended, wake = os.pipe()
        os.set_blocking(ended, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        self._control.send(msgspec.msgpack.encode(["ready"]))
        self._poll.register(ended, select.POLLIN)
        self._poll.register(self._control, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll()}
            self._end_unwanted(ready)
            if ended in ready:
                os.read(ended, 4096)
                self._reap()
            if self._control.fileno() in ready:
                self._order()

    def _enter_own_pid_namespace(self) -> None:
        """Owns a pid namespace, so that every cell can get one of its own below it."""
        linux.unshare(linux.NEW_PIDS)
        child = os.fork()
        if child:
            self._control.close()
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
        linux.die_with_parent()
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def _order(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(self._control, _MAX_ORDER, _MAX_DESCRIPTORS)
        if not message:
            os._exit(0)
        plan = msgspec.msgpack.decode(message, type=CellPlan)
        self._ordered += 1
        status = socket.socket(fileno=descriptors[1])
        if self._plan.level == "sealed":
            linux.join(self._own_pids, linux.NEW_PIDS)  # else this child would land in the last cell's namespace
            linux.unshare(linux.NEW_PIDS)
        pid = os.fork()
        if pid == 0:
            _become_cell(self._plan, self._ordered, plan, descriptors, self._originals)
        handle = os.pidfd_open(pid)
        self._status[pid] = status
        self._poll.register(status, 0)  # wakes us when nobody holds the other end any more
        _tell(status, ["pid", pid], [handle])
        os.close(handle)
        for descriptor in [descriptors[0], *descriptors[2:]]:
            os.close(descriptor)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            teller = self._status.pop(pid, None)
            if teller is not None:
                _tell(teller, ["exit", status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss])
                with contextlib.suppress(KeyError):
                    self._poll.unregister(teller)
                teller.close()
            if self._plan.level != "sealed":
                self._end_strays(pid)

    def _end_unwanted(self, ready: set[int]) -> None:
        """Ends the cells of somebody who has gone without ending them."""
        for pid, status in self._status.items():
            if status.fileno() in ready:
                os.kill(pid, signal.SIGKILL)
                self._poll.unregister(status)  # its end takes a moment, in which this would wake us again and again

    def _end_strays(self, session: int) -> None:
        """Ends what a cell left behind where no pid namespace does it: its group, and its children, ours now.

        Their own children come to us when they have ended, and so on until nothing is left.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(session, signal.SIGKILL)
        for name in _read(f"/proc/{os.getpid()}/task/{os.getpid()}/children").split():
            if int(name) not in self._status:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(int(name), signal.SIGKILL)


def _preload(plan: ZygotePlan) -> None:
    """Imports what an exercise wants, and what that would import later."""
    for name in plan.preload:
        importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in plan.companions:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def _become_cell(zygote: ZygotePlan, number: int, plan: CellPlan, descriptors: list[int], originals: Originals) -> None:
    """The life of a forked cell; never returns."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        channel = socket.socket(fileno=descriptors[0])
        files = msgspec.msgpack.decode(_content(descriptors[3]), type=Files).files
        named = dict(zip(plan.descriptors, descriptors[4:], strict=True))
        keep = {descriptors[0], *named.values()}
        listeners = confine(zygote, number, plan, files, keep, descriptors[2])
        if plan.virtual_time:
            from grader.cell.inside import virtual_time

            virtual_time.install(named["clock"])
            originals.accept()
        _prepare_modules(plan.folder)
        numbers = [listener.fileno() for listener in listeners]
        socket.send_fds(channel, [encode(["hello", os.getpid()])], numbers)
        for listener in listeners:
            listener.close()
    except BaseException:
        os.write(descriptors[0], encode(["setup", traceback.format_exc()[-3000:]]))
        os._exit(4)
    try:
        Server(Channel(channel), plan.folder, named, originals).run()
    except BaseException as error:
        os.write(2, f"{type(error).__name__}\n".encode())
    os._exit(4)


def _prepare_modules(folder: str) -> None:
    """The submission's folder first on the path, ours not on it; no command line to learn from."""
    sys.path[:] = [folder, *[path for path in sys.path if path and os.access(path, os.R_OK)]]
    sys.argv[:] = [""]
    os.environ.pop("PYTHONHASHSEED", None)
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()


def _content(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0)


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _tell(teller: socket.socket, note: list[Any], descriptors: list[int] | None = None) -> None:
    with contextlib.suppress(OSError):  # whoever ordered the cell may be gone
        socket.send_fds(teller, [msgspec.msgpack.encode(note)], descriptors or [])


def main() -> None:
    """The zygote's program."""
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = msgspec.json.decode(sys.argv[2], type=ZygotePlan)
    try:
        Zygote(control, plan).run()
    except BaseException:
        text = traceback.format_exc()[-3000:]
        control.send(msgspec.msgpack.encode(["failed", text]))
        raise
