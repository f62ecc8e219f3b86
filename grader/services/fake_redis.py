"""A fake Redis on a clock that only its owner moves: ``python -m grader.services.fake_redis virtual``.

The server is fakeredis, alone in this process, because a script sent by a submission runs here, and because
all of this process' clocks stand still between two frames. Frames come in and go out on standard input, which
is a socket. With ``real`` as argument the clocks are left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from contextvars import Context
from typing import Any

import redis.asyncio
import time_machine
from fakeredis import FakeServer
from fakeredis._helpers import NoResponse, SimpleError, SimpleString
from fakeredis.aioredis import AsyncFakeSocket

from grader.services.fake_lua import seal_lua
from grader.services.frames import Frame, FrameReader, pack
from grader.services.loop import settle
from grader.services.resp import Failure, Push, Status, encode

#: What the wall clock shows when a check begins, in a cell with virtual time and here.
EPOCH = 1_800_000_000.0


class MovedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is ``moment``, and which knows when its next timer is due."""

    def __init__(self) -> None:
        self.moment = 0.0
        self._timers: list[asyncio.TimerHandle] = []
        super().__init__()

    def time(self) -> float:
        return self.moment

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = super().call_at(when, callback, *args, context=context)
        self._timers.append(timer)
        return timer

    def deadline(self) -> float | None:
        """When the next timer is due, or None."""
        self._timers = [timer for timer in self._timers if not timer.cancelled() and timer.when() > self.moment]
        return min((timer.when() for timer in self._timers), default=None)


class Reply:
    """What answers a command, unlike a pushed message."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Connection(AsyncFakeSocket):
    """One client's connection. ``send`` takes the bytes for it."""

    def __init__(self, server: FakeServer, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._blocked_task: asyncio.Task[Any] | None = None
        super().__init__(server, 0, client_class=redis.asyncio.Redis)

    def put_response(self, msg: Any) -> None:
        protocol = self._client_info.protocol_version
        if isinstance(msg, Reply):
            self._send(encode(plain(msg.value), protocol))
        elif msg is None:  # a blocking command whose time has run out
            self._send(encode(None, protocol))
        else:
            self._send(encode(Push(plain(msg)), protocol))

    def _process_command(self, fields: list[bytes]) -> None:
        try:
            super()._process_command(fields)
        except Exception as error:  # noqa: BLE001 - a fault of fakeredis must not end the connection
            self.put_response(Reply(SimpleError(f"ERR {type(error).__name__}: {error}")))

    def _decode_result(self, result: Any) -> Any:
        return result if isinstance(result, NoResponse) else Reply(result)

    async def _async_blocking(self, *args: Any, **options: Any) -> None:
        self._blocked_task = asyncio.current_task()
        with contextlib.suppress(asyncio.CancelledError):
            await super()._async_blocking(*args, **options)
        self._blocked_task = None

    async def end(self) -> None:
        """Close the connection, and give up what it waits for."""
        self._send = lambda _data: None
        if self._blocked_task is not None:
            self._blocked_task.cancel()
            await asyncio.wait([self._blocked_task])
        self.close()


def plain(value: Any) -> Any:
    """What fakeredis answers, in the words of :func:`encode`."""
    if isinstance(value, SimpleString):
        return Status(value.value)
    if isinstance(value, SimpleError):
        return Failure(value.value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return value


class Service:
    """All connections of one fake server."""

    def __init__(self, send: Callable[[Frame], None]) -> None:
        self._send = send
        self._connections: dict[int, Connection] = {}
        self._server = self._new_server()

    def _new_server(self) -> FakeServer:
        return FakeServer(version=(9, 1), server_type="valkey")

    async def handle(self, frame: Frame) -> None:
        number = frame.connection
        if frame.kind == "open":
            self._connections[number] = Connection(
                self._server, lambda data: self._send(Frame("data", connection=number, data=data))
            )
        elif frame.kind == "data" and number in self._connections:
            await self._feed(number, frame.data)
        elif frame.kind == "shut" and number in self._connections:
            await self._connections.pop(number).end()
        elif frame.kind == "reset":
            while self._connections:
                await self._connections.popitem()[1].end()
            self._server = self._new_server()

    async def _feed(self, number: int, data: bytes) -> None:
        connection = self._connections[number]
        try:
            connection.sendall(data)
        except Exception as error:  # noqa: BLE001 - what is no RESP ends its connection only
            text = f"ERR Protocol error: {error}"
            self._send(Frame("data", connection=number, data=encode(Failure(text), 2)))
            self._send(Frame("shut", connection=number))
            await self._connections.pop(number).end()


async def serve(channel: socket.socket, traveller: time_machine.Traveller | None) -> None:
    """Handle frames one by one until the owner hangs up."""
    reader, writer = await asyncio.open_connection(sock=channel)
    loop = asyncio.get_running_loop()
    service = Service(lambda frame: writer.write(pack(frame)))
    frames = FrameReader()
    while data := await reader.read(1 << 16):
        for frame in frames.feed(data):
            if isinstance(loop, MovedLoop) and traveller is not None:
                loop.moment = frame.now
                traveller.move_to(EPOCH + frame.now)
            await service.handle(frame)
            await settle()  # what the frame woke up, such as a blocked client, has its say before "done"
            deadline = loop.deadline() if isinstance(loop, MovedLoop) else None
            writer.write(pack(Frame("done", number=frame.number, deadline=deadline)))
        await writer.drain()


def main() -> None:
    channel = socket.socket(fileno=0)
    seal_lua()
    if sys.argv[1] == "real":
        asyncio.run(serve(channel, None))
        return
    with (
        time_machine.travel(EPOCH, tick=False) as traveller,
        asyncio.Runner(loop_factory=MovedLoop) as runner,
    ):
        runner.run(serve(channel, traveller))


if __name__ == "__main__":
    main()
