"""Waits for files and sockets, until a moment of virtual time.

The selectors (and with them asyncio, socketserver and ``subprocess``), ``select.select``, and receiving or
accepting on a socket that has a timeout.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from grader.cell.inside.timeline import Timeline

_RECEIVING = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "_accept")
_real_select = [select.select]  # in a list, where nothing looks for names to replace


class _Nudge:
    """A descriptor that becomes readable when it is rung."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        os.eventfd_write(self.descriptor, 1)

    def clear(self) -> None:
        os.eventfd_read(self.descriptor)

    def __del__(self) -> None:
        os.close(self.descriptor)


class Readiness:
    """Waits for descriptors on ``timeline``."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._own = threading.local()

    def wait(self, interest: Iterable[tuple[int, int]], seconds: float) -> bool:
        """Whether a descriptor, each with its ``select.POLL...`` bits, is ready within ``seconds``."""
        nudge = self._nudge()
        poll = select.poll()
        for descriptor, bits in interest:
            poll.register(descriptor, bits)
        poll.register(nudge.descriptor, select.POLLIN)
        with self._timeline.alarm(seconds, nudge.ring) as alarm:
            while not alarm.over:
                for descriptor, _ in poll.poll():
                    if descriptor != nudge.descriptor:
                        return True
                nudge.clear()
        return False

    def _nudge(self) -> _Nudge:
        """The calling thread's own."""
        if not hasattr(self._own, "nudge"):
            self._own.nudge = _Nudge()
        nudge: _Nudge = self._own.nudge
        return nudge


def patch_selectors(timeline: Timeline, readiness: Readiness) -> None:
    """Has every selector's ``select(timeout)`` wait in virtual time."""
    for name in ("SelectSelector", "PollSelector", "EpollSelector"):
        kind = getattr(selectors, name)
        kind.select = _selecting(kind.select, timeline, readiness)


def _selecting(real: Callable[..., Any], timeline: Timeline, readiness: Readiness) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0 or timeline.detached:
            return real(self, timeout)
        ready = real(self, 0)
        if not ready and readiness.wait(_interest(self), timeout):
            ready = real(self, 0)
        return ready

    return select


def _interest(selector: selectors.BaseSelector) -> Iterable[tuple[int, int]]:
    if isinstance(selector, selectors.EpollSelector):
        return [(selector.fileno(), select.POLLIN)]  # readable when one of its own is ready
    return [(key.fd, _poll_bits(key.events)) for key in selector.get_map().values()]


def _poll_bits(events: int) -> int:
    reading = select.POLLIN if events & selectors.EVENT_READ else 0
    return reading | (select.POLLOUT if events & selectors.EVENT_WRITE else 0)


def selecting(timeline: Timeline, readiness: Readiness) -> Callable[..., Any]:
    """What stands in for ``select.select``."""
    real = _real_select[0]

    def select_(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0 or timeline.detached:
            return real(rlist, wlist, xlist, timeout)
        rlist, wlist, xlist = list(rlist), list(wlist), list(xlist)
        ready = real(rlist, wlist, xlist, 0)
        if not any(ready):
            kinds = ((rlist, select.POLLIN), (wlist, select.POLLOUT), (xlist, select.POLLPRI))
            bits: dict[int, int] = {}
            for files, kind in kinds:
                for file in files:
                    descriptor = file if isinstance(file, int) else file.fileno()
                    bits[descriptor] = bits.get(descriptor, 0) | kind
            if readiness.wait(bits.items(), timeout):
                ready = real(rlist, wlist, xlist, 0)
        return ready

    select_.__name__ = "select"
    return select_


def patch_sockets(timeline: Timeline, readiness: Readiness) -> None:
    """Has a socket's timeout run in virtual time while it receives or accepts."""
    for name in _RECEIVING:
        setattr(socket.socket, name, _receiving(getattr(socket.socket, name), timeline, readiness))


def _receiving(real: Callable[..., Any], timeline: Timeline, readiness: Readiness) -> Callable[..., Any]:
    def receive(self: socket.socket, *args: Any, **kwargs: Any) -> Any:
        timeout = self.gettimeout()
        timed = timeout and self.fileno() >= 0 and not timeline.detached
        if timed and not readiness.wait([(self.fileno(), select.POLLIN)], timeout or 0.0):
            raise TimeoutError("timed out")
        return real(self, *args, **kwargs)

    receive.__name__ = real.__name__
    return receive
