"""A process that has collected a suite, and forks itself for each worker: none has to start pytest again."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Mapping
from typing import NoReturn

import msgspec

from grader.catalog import layout
from grader.catalog.checks import read_checks
from grader.cell.dialogue import Dialogue
from grader.cell.launcher import Launcher
from grader.cell.watch import watch
from grader.model import Exercise, RunOptions
from grader.suite.checking import Checks, Order, run_checks
from grader.suite.warm import warm_up

_FORK, _END = "fork", "end"
_MAX_MESSAGE = 1 << 10


class _Content(msgspec.Struct):
    """What a worker needs: the submission's files, and dialogues that the process has not been told of."""

    files: dict[str, bytes]
    dialogues: dict[str, Dialogue]


class Collected:
    """A suite's process. It ends when nobody holds the other end of its socket any more."""

    def __init__(self, exercise: Exercise, launcher: Launcher, options: RunOptions) -> None:
        #: Where its workers get their cells.
        self.launcher = launcher
        self._told: set[str] = set()
        self._forks = 0
        self._code: int | None = None  # its own exit code, once it has been waited for
        self._control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        watch.rest()
        warm_up(exercise.services)
        self._pid = os.fork()
        if self._pid == 0:
            self._control.close()
            _serve(exercise, launcher, options, control)
        control.close()

    def fork(
        self, files: dict[str, bytes], dialogues: Mapping[str, Dialogue], checks: Checks, files_of: list[int]
    ) -> int:
        """Starts a worker; its number comes back. Its notes go to the first of ``files_of``, what it says to the other.

        Raises:
            OSError: the process has ended.
        """
        new = {name: dialogue for name, dialogue in dialogues.items() if name not in self._told}
        content = os.memfd_create("content")
        try:
            os.write(content, msgspec.msgpack.encode(_Content(files, new)))
            socket.send_fds(self._control, [_message(_FORK, 0)], [content, checks.tickets, *files_of])
        finally:
            os.close(content)
        self._told |= new.keys()
        self._forks += 1
        return self._forks

    def exit_code(self, number: int) -> int:
        """Waits for the end of a worker; its exit code, or minus the signal; its own if it has ended itself."""
        with contextlib.suppress(OSError):
            self._control.send(_message(_END, number))
            if message := self._control.recv(_MAX_MESSAGE):
                return int(msgspec.msgpack.decode(message))
        return self._own_exit_code()

    def close(self) -> None:
        """Ends it. Its workers, if there are any, go on."""
        self._control.close()
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            self._own_exit_code()

    def _own_exit_code(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code


def _message(kind: str, number: int) -> bytes:
    return msgspec.msgpack.encode((kind, number))


def _serve(exercise: Exercise, launcher: Launcher, options: RunOptions, control: socket.socket) -> NoReturn:
    """The process's whole life, and that of its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it has nothing in hand; who started it is told, too
    said = os.memfd_create("said")
    os.dup2(said, 1)
    os.dup2(said, 2)
    names = [check.id for check in read_checks(layout.suite(exercise))]
    known: dict[str, Dialogue] = {}
    pids: list[int] = []

    def await_order() -> Order:
        gc.collect()
        gc.freeze()
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, _MAX_MESSAGE, 4)
            if not message:
                os._exit(0)
            kind, number = msgspec.msgpack.decode(message, type=tuple[str, int])
            if kind == _END:
                _, status = os.waitpid(pids[number - 1], 0)
                control.send(msgspec.msgpack.encode(os.waitstatus_to_exitcode(status)))
                continue
            content, tickets, output, said = descriptors
            sent = msgspec.msgpack.decode(os.pread(content, os.fstat(content).st_size, 0), type=_Content)
            known.update(sent.dialogues)
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                control.close()
                os.dup2(said, 1)
                os.dup2(said, 2)
                return Order(sent.files, Checks(names, tickets), os.fdopen(output, "wb", buffering=0))
            pids.append(pid)
            for descriptor in descriptors:
                os.close(descriptor)

    run_checks(exercise, launcher, options, known, await_order)
    os._exit(0)
