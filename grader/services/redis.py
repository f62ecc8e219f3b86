"""Redis as a suite sees it: offered to the cell at an ordinary address, watched, slowed and stopped."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from grader.services import redis_servers
from grader.services.clock import Clock
from grader.services.loop import ServiceLoop, settle
from grader.services.relay import RelayConnection
from grader.services.told_client import Tell, told

if TYPE_CHECKING:
    import redis

MAX_CONNECTIONS = 1000
MAX_COMMANDS = 100_000
MAX_KEPT_BYTES = 32 << 20

#: What client libraries say when they connect, each in its own way. It is not recorded.
GREETINGS = frozenset({b"HELLO", b"AUTH", b"CLIENT", b"SELECT"})


def _nobody(*_told: object) -> None:
    """Is told nothing."""


class RedisService:
    """A Redis at ``url``, empty at first. With ``virtual`` it is fakeredis, and lives on ``clock``.

    ``kind`` is what serves, such as "valkey 9.1".
    """

    def __init__(
        self,
        url: str,
        loop: ServiceLoop,
        clock: Clock,
        *,
        virtual: bool,
        sent: Callable[[list[str]], object] = _nobody,
        changed: Callable[[str], object] = _nobody,
        own: Tell = _nobody,
    ) -> None:
        """``sent`` is told each command of the cell's, in the loop's thread; ``changed``, how the server is changed;
        ``own``, each command of ``client`` and its reply.
        """
        self.url = url
        self.clock = clock
        self._delay = 0.0
        self._sent, self._changed, self._own = sent, changed, own
        self._loop = loop
        self._server = redis_servers.take(virtual=virtual)
        self.kind = self._server.kind
        self._listeners: list[asyncio.Server] = []
        self._open: set[RelayConnection] = set()
        self._connections = 0
        self._commands: list[list[str]] = []
        self._kept_bytes = 0
        self._stopped = False
        self._closed = False
        loop.run(self._server.begin(clock))

    @functools.cached_property
    def client(self) -> redis.Redis:
        """A redis-py client of the suite's own. It goes past ``delay`` and ``stop``, and is not in ``commands``."""
        return told(self._server.client(), self._own)

    @property
    def delay(self) -> float:
        """How many seconds of the check's clock later the server hears what the cell sends; a pipeline is delayed
        once.
        """
        return self._delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._delay = seconds
        self._changed(f"answers {seconds:g} s later" if seconds else "answers at once")

    @property
    def commands(self) -> list[list[str]]:
        """The commands that the cell has sent, without what client libraries say when they connect.

        Bytes that are no UTF-8 are shown as escapes.
        """
        self._loop.settle()
        return [list(command) for command in self._commands]

    @property
    def connections(self) -> int:
        """How many connections the cell has opened so far."""
        self._loop.settle()
        return self._connections

    @property
    def open_connections(self) -> int:
        """How many connections the cell has open now."""
        self._loop.settle()
        return len(self._open)

    def stop(self) -> None:
        """Cut all connections, and every new one at once. The data are still there after :meth:`start`."""
        self._changed("is stopped")
        self._loop.run(self._cut())

    def start(self) -> None:
        """Serve again."""
        self._stopped = False
        self._changed("is started again")

    def attach(self, listener: socket.socket) -> None:
        """Serve a listening socket, which is the service's own from now on. May be called for several."""
        self._loop.run(self._listen(listener))

    def close(self) -> None:
        """Stop serving, and forget all data."""
        if self._closed:
            return
        self._closed = True
        if "client" in vars(self):
            self.client.close()
        is_clean = self._loop.run(self._end())
        redis_servers.give_back(self._server, is_clean=is_clean)

    async def _listen(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        self._listeners.append(
            await loop.create_server(lambda: RelayConnection(self, self._server.connect), sock=listener, backlog=1024)
        )

    async def _cut(self) -> None:
        self._stopped = True
        for connection in list(self._open):
            connection.shut()
        await settle()

    async def _end(self) -> bool:
        for listener in self._listeners:
            listener.close()
        await self._cut()
        return await self._server.end()

    # What connections call, in the loop's thread.

    def admit(self, connection: RelayConnection) -> bool:
        """Count a new connection. False: it is cut at once."""
        if self._stopped or len(self._open) >= MAX_CONNECTIONS:
            return False
        self._connections += 1
        self._open.add(connection)
        return True

    def leave(self, connection: RelayConnection) -> None:
        self._open.discard(connection)

    def note(self, command: list[bytes]) -> None:
        """Record a command, within bounds."""
        self._kept_bytes += sum(map(len, command))
        if command[0].upper() in GREETINGS or self._kept_bytes > MAX_KEPT_BYTES:
            return
        if len(self._commands) < MAX_COMMANDS:
            self._commands.append([argument.decode("utf-8", "backslashreplace") for argument in command])
            self._sent(self._commands[-1])
