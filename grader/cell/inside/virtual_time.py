"""Virtual time in a cell: installed before the submission is imported, moved by the trusted side.

    to the cell   ["watch", n]         tell when every thread is asleep
                  ["move", n, t]       make it t, if nothing has run since idle n
                  ["wake", n]          wake one thread whose moment has come, then as watch
                  ["at", t]            the time at which this cell begins
    from it       ["idle", n, t]       every thread sleeps; t is the first deadline, or nil
                  ["moved", n, nil]    it is the moment of move n
                  ["busy", n, nil]     something has run since idle n, the time was not moved

Frames are a length of four bytes, little-endian, and MessagePack; moments are picoseconds since the check
began. One thread of the cell speaks it. A submission that disturbs it, or the patches below, only fools
itself.
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from grader.cell.inside.replacing import Name, Places
from grader.cell.inside.stillness import Stillness, Switches
from grader.cell.inside.timeline import NANOSECOND, SECOND, START, Timeline
from grader.cell.inside.virtual_files import Readiness, patch_selectors, patch_sockets, selecting
from grader.cell.inside.virtual_locks import Waiters, locks, patch_joining, simple_queues

_LENGTH = struct.Struct("<I")
_MONOTONIC = ("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_MONOTONIC_COARSE", "CLOCK_BOOTTIME")
# Real seconds between two looks while a thread is awake: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 20e-6, 2e-3

_CLOCKS = (
    "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep", "clock_gettime", "clock_gettime_ns",
)  # fmt: skip
_REPLACED: tuple[Name, ...] = (
    *((time, name) for name in _CLOCKS),
    (threading, "Lock"),
    (threading, "_allocate_lock"),
    (threading, "RLock"),
    (queue, "SimpleQueue"),
    (select, "select"),
)

_real_select = [select.select]  # in a list, where nothing looks for names to replace


@functools.cache
def places() -> Places:
    """Where clocks and locks are held. A zygote asks, so that its cells need not look for them."""
    return Places(_REPLACED)


def install(descriptor: int, wall: float = 1_800_000_000.0) -> None:
    """Puts this process on virtual time, which begins at ``wall`` seconds since 1970.

    ``descriptor`` is one end of a stream socket pair. Returns when a ``VirtualClock`` was attached to the other
    end and has told how much of its time has passed. Raises ``OSError`` where /proc/self/task cannot be read.
    """
    timeline = Timeline(wall)
    speaker = _Speaker(socket.socket(fileno=descriptor), timeline, Stillness())
    readiness = Readiness(timeline)
    patch_joining(timeline)
    patch_selectors(timeline, readiness)
    patch_sockets(timeline, readiness)
    places().look()
    places().replace(_substitutes(timeline, readiness))
    speaker.begin()
    _thread.start_new_thread(speaker.run, ())


def _substitutes(timeline: Timeline, readiness: Readiness) -> dict[Name, Any]:
    """What stands in for each."""
    lock: Any = locks(timeline)
    private: Any = threading
    return {
        **{(time, name): function for name, function in _clocks(timeline).items()},
        (threading, "Lock"): lock,
        (threading, "_allocate_lock"): lock,
        (threading, "RLock"): private._RLock,
        (queue, "SimpleQueue"): simple_queues(timeline),
        (select, "select"): selecting(timeline, readiness),
    }


def _clocks(timeline: Timeline) -> dict[str, Callable[..., Any]]:
    real_sleep, real_clock, real_clock_ns = time.sleep, time.clock_gettime, time.clock_gettime_ns
    monotonic_clocks = {getattr(time, name) for name in _MONOTONIC if hasattr(time, name)}
    sleepers = Waiters(timeline)

    def monotonic() -> float:
        return (START * SECOND + timeline.now) / SECOND

    def monotonic_ns() -> int:
        return START * 1_000_000_000 + timeline.now // NANOSECOND

    def sleep(seconds: float, /) -> None:
        if seconds <= 0 or timeline.detached:
            real_sleep(seconds)
        else:
            sleepers.wait(seconds)

    def clock_gettime(clock: int, /) -> float:
        return monotonic() if clock in monotonic_clocks else real_clock(clock)

    def clock_gettime_ns(clock: int, /) -> int:
        return monotonic_ns() if clock in monotonic_clocks else real_clock_ns(clock)

    substitutes = monotonic, monotonic_ns, monotonic, monotonic_ns, sleep, clock_gettime, clock_gettime_ns
    return dict(zip(_CLOCKS, substitutes, strict=True))


class _Speaker:
    """The thread that watches the others and does what the trusted side says."""

    def __init__(self, line: socket.socket, timeline: Timeline, stillness: Stillness) -> None:
        self._line = line
        self._timeline = timeline
        self._stillness = stillness
        self._received = b""
        self._begun = False
        self._watching: int | None = None
        self._pause = _FIRST_PAUSE
        self._idle: tuple[int, Switches] | None = None

    def begin(self) -> None:
        """Waits for the moment at which this process begins."""
        while not self._begun:
            self._listen()

    def run(self) -> None:
        """Serves until the trusted side closes the line."""
        with contextlib.suppress(EOFError):
            while True:
                pause = None if self._watching is None else self._pause
                if _real_select[0]([self._line], [], [], pause)[0]:
                    self._listen()
                else:
                    self._look()

    def _listen(self) -> None:
        data = self._line.recv(1 << 12)
        if not data:
            raise EOFError("the clock was closed")
        self._received += data
        while len(self._received) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                break
            body, self._received = self._received[_LENGTH.size : end], self._received[end:]
            self._obey(*msgspec.msgpack.decode(body))

    def _obey(self, order: str, number: int, moment: int = 0) -> None:
        if order == "at":
            self._timeline.move(number)
            self._begun = True
        elif order == "move":
            moved = self._idle is not None and self._idle == (number, self._stillness.look())
            if moved:
                self._timeline.move(moment)
            self._send("moved" if moved else "busy", number, None)
        else:
            if order == "wake":
                self._timeline.ring_one()
            self._watching = number
            self._pause = _FIRST_PAUSE
            self._look()

    def _look(self) -> None:
        """Reports if every thread is asleep; otherwise looks again after a while."""
        switches = self._stillness.confirm()
        if switches is None:
            self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)
        else:
            self._idle = (self._watching or 0, switches)
            self._send("idle", self._watching or 0, self._timeline.next_deadline())
            self._watching = None

    def _send(self, kind: str, number: int, moment: int | None) -> None:
        body = msgspec.msgpack.encode([kind, number, moment])
        self._line.sendall(_LENGTH.pack(len(body)) + body)
