"""A process without any sandbox, on virtual time if asked: what tests of time and web use in place of a
cell.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.services.virtual_clock import VirtualClock

ROOT = Path(__file__).parents[1]

#: Forks a small cell whenever it is sent the descriptors of a clock and of a line to the test.
NURSERY = """
import json, os, signal, socket, sys, traceback, types
sys.path.insert(0, sys.argv[2])
import fastapi, httpx, httpx2, uvicorn, websockets
from grader.cell.inside import virtual_time

def live(early, virtual, line, clock, *listeners):
    sys.modules["early"] = types.ModuleType("early")
    exec(early, sys.modules["early"].__dict__)
    if virtual:
        virtual_time.install(clock)
    file, names = socket.socket(fileno=line).makefile("rw"), {"listeners": listeners}
    for request in file:
        source, name, args = json.loads(request)
        try:
            exec(source, names)
            answer = names[name](*args) if name else None
        except BaseException:
            answer = {"error": traceback.format_exc()}
        file.write(json.dumps(answer) + "\\n")
        file.flush()

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
control = socket.socket(fileno=int(sys.argv[1]))
while True:
    request, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 8)
    if not descriptors:
        break
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        live(*json.loads(request), *descriptors)
        os._exit(0)
    for descriptor in descriptors:
        os.close(descriptor)
    control.send(str(child).encode())
"""


@functools.cache
def nursery() -> int:
    """The descriptor of the one process that forks all small cells, started when the first is wanted."""
    ours, theirs = socket.socketpair()
    arguments = [str(theirs.fileno()), str(ROOT)]
    process = subprocess.Popen([sys.executable, "-c", NURSERY, *arguments], pass_fds=[theirs.fileno()])
    theirs.close()
    descriptor = ours.detach()

    def end() -> None:
        os.close(descriptor)
        process.wait()

    atexit.register(end)
    return descriptor


class SmallCell:
    """Runs Python text in a process whose time ``clock`` moves, if there is one.

    ``early`` is the text of a module of that name, which is imported before virtual time is installed. The
    descriptors of ``listeners`` are a tuple of that name in the process.
    """

    def __init__(self, clock: VirtualClock | None, *, early: str = "", listeners: Sequence[socket.socket] = ()) -> None:
        self._clock = clock
        clock_here, clock_there = socket.socketpair()
        self._line, line_there = socket.socketpair()
        request = json.dumps([textwrap.dedent(early), clock is not None]).encode()
        handed = [sock.fileno() for sock in (line_there, clock_there, *listeners)]
        with socket.socket(fileno=os.dup(nursery())) as control:
            socket.send_fds(control, [request], handed)
            self.pid = int(control.recv(20))
        clock_there.close()
        line_there.close()
        if clock is None:
            clock_here.close()
        else:
            clock.attach(clock_here)
        self._file = self._line.makefile("rw")

    @property
    def clock(self) -> VirtualClock:
        """The clock that moves the process's time."""
        assert self._clock is not None
        return self._clock

    def run(self, source: str, name: str = "", *args: Any, waits: bool = True) -> Any:
        """Execute ``source``, then call its function ``name``: the answer, which must be plain JSON."""
        self._file.write(json.dumps([textwrap.dedent(source), name, args]) + "\n")
        self._file.flush()
        if waits and self._clock is not None:
            with self._clock.waiting(self._line.fileno()):
                select.select([self._line], [], [])
        answer = json.loads(self._file.readline())
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(answer["error"])
        return answer

    def call(self, name: str, *args: Any, waits: bool = True) -> Any:
        """Call a function that :meth:`run` has defined."""
        return self.run("", name, *args, waits=waits)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the process a signal, if it still lives."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, how)

    def __enter__(self) -> SmallCell:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        self.kill()
        self._file.close()
        self._line.close()
