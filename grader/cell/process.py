"""The trusted side's hold on one cell's process: its channel, its end, its CPU time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable

import msgspec

from grader.cell.cgroups import Group
from grader.cell.deaths import CellUnavailable, ZygoteEnded
from grader.cell.inside import frames
from grader.model import Verdict

_CPUCLOCK_SCHED = 2
_CPU_SLACK = 0.5
_LAST_WORDS = 600  # characters of standard error shown


class CellProcess:
    """One cell's process, ended by ``kill`` for certain: by pidfd, and with its pid namespace all it started."""

    def __init__(
        self, channel: socket.socket, status: socket.socket, errors: int, clean: Callable[[], None] | None
    ) -> None:
        self.channel = channel
        self.listeners: list[socket.socket] = []
        #: Its main process, as this machine numbers it.
        self.pid = 0
        #: Where the cell's files lie, as the cell sees it.
        self.folder = ""
        #: CPU seconds and megabytes that it may use in all.
        self.cpu_s = float("inf")
        self.memory_mb = 0
        #: Whether nothing that runs in it can end the zygote.
        self.is_sealed = False
        #: Its folder, if that lies on a disk that it shares with others and may write to.
        self.watched_folder = ""
        #: What it was ended for by whoever watches it: verdict and message.
        self.excess: tuple[Verdict, str] | None = None
        #: Bytes that arrived behind the greeting.
        self.buffered = b""
        self._status = status
        self._errors = errors
        self._clean = clean
        self._group: Group | None = None
        self._handle = -1
        self._exit: tuple[int, float, int] | None = None
        self._is_orphan = False

    def wait_until_started(self, listeners: int, seconds: float) -> None:
        """Waits for the zygote's note and the cell's greeting."""
        self._status.settimeout(seconds)
        self.channel.settimeout(seconds)
        try:
            note, descriptors, _, _ = socket.recv_fds(self._status, 1 << 12, 1)
            if not note:
                raise ZygoteEnded("the cells' parent process ended")
            self._handle = descriptors[0]
            data, received, _, _ = socket.recv_fds(self.channel, 1 << 16, max(1, listeners))
        except TimeoutError:
            self.close()
            raise CellUnavailable(f"a cell did not start within {seconds:.0f} s") from None
        self.listeners = [socket.socket(fileno=descriptor) for descriptor in received]
        greeting, self.buffered = _split(data)
        if greeting[0] != "hello":
            why = greeting[1] if len(greeting) > 1 else f"{self.exit_status()} {self.last_words()}"
            self.close()
            raise CellUnavailable(f"a cell could not be confined: {why}")
        self.channel.settimeout(None)
        self.pid = _pid_of(self._handle)

    def join(self, group: Group) -> None:
        """Puts it, before anything of the submission runs, under the limits of a group. Raises ``OSError``."""
        group.add(self.pid)
        self._group = group

    def out_of_memory(self) -> bool:
        """Whether the kernel has ended a process of it at the limit of its group."""
        return self._group is not None and self._group.out_of_memory()

    def cpu_seconds(self) -> float:
        """CPU time that the cell's main process has used, counted by the kernel."""
        return time.clock_gettime((~self.pid << 3) | _CPUCLOCK_SCHED)

    def kill(self) -> None:
        """Ends the cell now."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        if self._group is not None:
            self._group.kill()

    def exit_status(self, seconds: float = 1.0) -> str:
        """How the process ended, for people: ``exit code 0``, ``signal SIGSEGV``, or nothing if it still runs."""
        if self._exit is None:
            self._status.settimeout(seconds)
            try:
                note = self._status.recv(1 << 12)
            except (TimeoutError, OSError):
                return ""
            if not note:
                self._is_orphan = True
                return ""
            _, status, cpu, peak = msgspec.msgpack.decode(note)
            self._exit = (status, cpu, peak)
        status = self._exit[0]
        if os.WIFSIGNALED(status):
            return f"signal {_signal_name(os.WTERMSIG(status))}"
        return f"exit code {os.waitstatus_to_exitcode(status)}"

    @property
    def went_with_its_zygote(self) -> bool:
        """Whether it ended since the process that it was forked from did, which was no doing of the submission's."""
        return self._is_orphan and self.is_sealed

    @property
    def cpu_is_used_up(self) -> bool:
        """Whether the process ended for want of CPU time: the kernel sends SIGKILL at the limit."""
        return self._exit is not None and os.WIFSIGNALED(self._exit[0]) and self._exit[1] >= self.cpu_s - _CPU_SLACK

    def last_words(self) -> str:
        """The end of what the cell wrote to its standard error."""
        data = os.pread(self._errors, 1 << 16, 0).rstrip(b"\0")
        return data.decode("utf-8", "replace").strip()[-_LAST_WORDS:]

    def close(self) -> None:
        """Ends the cell and lets go of everything that belongs to it."""
        self.kill()
        for listener in self.listeners:
            listener.close()
        self.channel.close()
        if self._clean is not None:
            self.exit_status()
            self._clean()
            self._clean = None
        self._status.close()
        for descriptor in (self._handle, self._errors):
            if descriptor >= 0:
                os.close(descriptor)
        self._handle = self._errors = -1


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals, most of which have no name
        return str(number)


def _split(data: bytes) -> tuple[list[object], bytes]:
    """The greeting and what came behind it; the greeting is written by trusted code before the submission runs."""
    if len(data) < 4:
        return ["closed"], b""
    length = frames.LENGTH.unpack_from(data)[0]
    return frames.decode(data[4 : length + 4]), data[length + 4 :]


def _pid_of(handle: int) -> int:
    with open(f"/proc/self/fdinfo/{handle}") as info:
        for line in info:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    raise CellUnavailable("the kernel does not tell a cell's process id")
