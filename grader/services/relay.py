"""One connection of the cell to Redis, on its way to the server behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, cast

from grader.services.clock import Clock, Hold
from grader.services.resp import CommandReader, RespError

MAX_UNSENT = 16 << 20  # bytes that may wait for a peer who does not read


class Link(Protocol):
    """A connection to the server behind."""

    def write(self, data: bytes) -> None:
        """Send bytes; virtual time stands still until the server has dealt with them."""

    def pause(self) -> None:
        """Read no more from the server, for the client does not keep up."""

    def resume(self) -> None:
        """Read from the server again."""

    def close(self) -> None: ...


class Peer(Protocol):
    """What the server behind says to a connection."""

    def received(self, data: bytes) -> None: ...

    def lost(self) -> None: ...


Connect: TypeAlias = Callable[[Peer], Awaitable[Link]]


class Watcher(Protocol):
    """Who watches the connections: the service."""

    clock: Clock
    delay: float

    def admit(self, connection: RelayConnection) -> bool: ...

    def leave(self, connection: RelayConnection) -> None: ...

    def note(self, command: list[bytes]) -> None: ...


class RelayConnection(asyncio.Protocol):
    """Passes bytes both ways, tells ``watcher`` the commands, and delays what the client sends.

    The delay is that of a wire: everything sent at one moment arrives together, ``watcher.delay`` later, so a
    pipeline of many commands is delayed once.
    """

    def __init__(self, watcher: Watcher, connect: Connect) -> None:
        self._watcher = watcher
        self._connect = connect
        self._reader = CommandReader()
        self._transport: asyncio.Transport
        self._link: Link | None = None
        self._wire: deque[tuple[float, float, bytes]] = deque()  # sent when, delayed by, what
        self._on_wire = 0  # bytes
        self._task: asyncio.Task[None] | None = None
        self._wire_hold = Hold(watcher.clock)  # something is on the wire
        self._write_hold = Hold(watcher.clock)  # the client has not yet read all of a reply
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._watcher.admit(self):
            self._gone = True
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._gone:
            return
        try:
            for command in self._reader.feed(data):
                self._watcher.note(command)
        except RespError:
            self.shut()
            return
        if self._link is not None and self._task is None and self._watcher.delay <= 0:
            self._link.write(data)
            return
        self._wire.append((self._watcher.clock.now(), self._watcher.delay, data))
        self._on_wire += len(data)
        if self._on_wire > MAX_UNSENT:
            self.shut()
        elif self._task is None:
            self._wire_hold.take()
            self._task = asyncio.get_running_loop().create_task(self._carry())

    def connection_lost(self, _error: Exception | None) -> None:
        self.shut()

    def pause_writing(self) -> None:
        self._write_hold.take()
        self._write_hold.linger()
        if self._link is not None:
            self._link.pause()

    def resume_writing(self) -> None:
        self._write_hold.drop()
        if self._link is not None:
            self._link.resume()

    def received(self, data: bytes) -> None:
        """The server has answered."""
        if not self._gone:
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > MAX_UNSENT:
                self._transport.abort()
                self.shut()

    def lost(self) -> None:
        """The server has hung up."""
        self.shut()

    def shut(self) -> None:
        """End the connection on both sides."""
        if self._gone:
            return
        self._gone = True
        self._watcher.leave(self)
        self._transport.close()
        self._write_hold.drop()
        if self._link is not None:
            self._link.close()
        if self._task is not None:
            self._task.cancel()
            self._task.add_done_callback(lambda _task: self._wire_hold.drop())

    async def _carry(self) -> None:
        """Bring what is on the wire to the server, each thing in its time."""
        clock = self._watcher.clock
        if self._link is None:
            with contextlib.suppress(OSError):
                self._link = await self._connect(self)
        if self._link is None:
            self.shut()
            return
        while self._wire:
            sent, delay, data = self._wire.popleft()
            remaining = delay - (clock.now() - sent)
            if remaining > 1e-9:
                await clock.sleep(remaining)
            self._on_wire -= len(data)
            self._link.write(data)
        self._task = None
        self._wire_hold.drop()
