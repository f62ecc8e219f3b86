"""The trusted end of a fake Redis: its process, its time, and the connections to it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import itertools
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grader.services.clock import Clock
from grader.services.frames import Frame, FrameReader, pack
from grader.services.relay import Link, Peer, RelayConnection
from grader.services.server_process import ServerProcess, make_folder

if TYPE_CHECKING:
    import redis

#: Real seconds within which the process must have forgotten everything; else it is killed.
RESET_PATIENCE = 2.0

#: Real seconds within which the suite's own client must be answered.
ANSWER_PATIENCE = 10.0


class FakeRedisServer:
    """A fake Redis in a process of its own, for one service at a time."""

    def __init__(self, *, virtual: bool) -> None:
        self.virtual = virtual
        self.kind = "fakeredis " + ".".join(importlib.metadata.version("fakeredis").split(".")[:2])
        root = Path(__file__).parents[2]
        ours, theirs = socket.socketpair()
        module = "grader.services.fake_redis"
        folder = make_folder()
        self._path = str(folder / "socket")
        self._process = ServerProcess(
            [sys.executable, "-P", "-m", module, "virtual" if virtual else "real"],
            folder,
            channel=theirs,
            environment={"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])},
        )
        theirs.close()
        self._channel = ours
        self._line: FakeLine
        self._door: asyncio.Server

    @property
    def alive(self) -> bool:
        return self._process.alive

    async def begin(self, clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        self._line = FakeLine(clock)
        await loop.create_connection(lambda: self._line, sock=self._channel.dup())
        trusted = Unwatched(clock)
        self._door = await loop.create_unix_server(lambda: RelayConnection(trusted, self._line.connect), self._path)
        on_move = getattr(clock, "on_move", None)
        if on_move is not None:
            on_move(self._line.moved)

    async def connect(self, peer: Peer) -> Link:
        return await self._line.connect(peer)

    def client(self) -> redis.Redis:
        import redis

        return redis.Redis(unix_socket_path=self._path, decode_responses=True, socket_timeout=ANSWER_PATIENCE)

    async def end(self) -> bool:
        self._door.close()
        Path(self._path).unlink(missing_ok=True)
        return await self._line.close()

    def stop(self) -> None:
        self._channel.close()
        self._process.stop()


class Unwatched:
    """The connections of the trusted side: neither recorded nor delayed."""

    delay = 0.0

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def admit(self, _connection: RelayConnection) -> bool:
        return True

    def leave(self, _connection: RelayConnection) -> None: ...

    def note(self, _command: list[bytes]) -> None: ...


class FakeLine(asyncio.Protocol):
    """The stream of frames to the process. Virtual time is held until the process is done with each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._transport: asyncio.Transport
        self._reader = FrameReader()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Callable[[], object]] = {}  # what to do when a frame is done
        self._peers: dict[int, Peer] = {}
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._set_alarm(None)
        for done in self._waiting.values():
            done()
        self._waiting.clear()
        for peer in list(self._peers.values()):
            peer.lost()
        self._peers.clear()

    def data_received(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            if frame.kind == "done":
                self._set_alarm(frame.deadline)
                self._waiting.pop(frame.number)()
            elif frame.kind == "data" and frame.connection in self._peers:
                self._peers[frame.connection].received(frame.data)
            elif frame.kind == "shut" and frame.connection in self._peers:
                self._peers.pop(frame.connection).lost()

    def send(self, kind: str, connection: int = 0, data: bytes = b"") -> None:
        """Send a frame, and hold the clock until it is done."""
        frame = Frame(kind, connection=connection, now=self._clock.now(), data=data)
        self._clock.hold()
        self._send(frame, self._clock.release)

    async def moved(self, now: float) -> None:
        """Tell the process the time, and wait until all that was due by then has happened."""
        await self._ask(Frame("tick", now=now))

    async def connect(self, peer: Peer) -> FakeLink:
        if self._transport.is_closing():
            raise ConnectionError("the server has died")
        number = next(self._numbers)
        self._peers[number] = peer
        self.send("open", number)
        return FakeLink(self, number)

    def disconnect(self, connection: int) -> None:
        if self._peers.pop(connection, None) is not None:
            self.send("shut", connection)

    async def close(self) -> bool:
        """Have the process forget everything, and speak to it no more. False: it does not listen."""
        try:
            await asyncio.wait_for(self._ask(Frame("reset")), RESET_PATIENCE)
        except TimeoutError:
            return False
        else:
            return not self._transport.is_closing()
        finally:
            self._transport.abort()

    async def _ask(self, frame: Frame) -> None:
        done = asyncio.Event()
        self._send(frame, done.set)
        await done.wait()

    def _send(self, frame: Frame, done: Callable[[], object]) -> None:
        if self._transport.is_closing():
            done()
            return
        frame.number = next(self._numbers)
        self._waiting[frame.number] = done
        self._transport.write(pack(frame))

    def _set_alarm(self, deadline: float | None) -> None:
        """Make ``deadline`` a moment at which virtual time stops."""
        if deadline == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = deadline
        self._alarm = None
        if deadline is not None:
            self._alarm = asyncio.get_running_loop().create_task(self._ring(deadline))

    async def _ring(self, deadline: float) -> None:
        self._clock.hold()
        try:
            await self._clock.sleep(deadline - self._clock.now())
            self._alarm_at = None
            self.send("tick")
        finally:
            self._clock.release()


class FakeLink:
    """One connection on the line."""

    def __init__(self, line: FakeLine, number: int) -> None:
        self._line = line
        self._number = number

    def write(self, data: bytes) -> None:
        self._line.send("data", self._number, data)

    def pause(self) -> None:
        """Do nothing: what cannot be passed on is bounded by the connection."""

    def resume(self) -> None:
        """See :meth:`pause`."""

    def close(self) -> None:
        self._line.disconnect(self._number)
