"""An HTTP back end that records what it is asked, and answers or misbehaves as a handler says."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from grader.services.answers import Answer, Hang, Reaction, Request, Reset
from grader.services.clock import Clock
from grader.services.http_connection import HttpConnection
from grader.services.loop import ServiceLoop

Handler: TypeAlias = Callable[[Request], Reaction | Awaitable[Reaction]] | Mapping[str, Reaction]

#: What one check may cost the trusted side, whatever the cell sends.
MAX_CONNECTIONS = 1000
MAX_REQUESTS = 20_000
MAX_KEPT_BYTES = 64 << 20


class HttpService:
    """A back end at ``url``, served on any number of listening sockets.

    ``handler`` maps a request to an :class:`Answer`, :class:`Hang` or :class:`Reset`; it may be a coroutine
    function, or a mapping from path to answer (404 for other paths). It runs in the loop's thread; virtual
    time stands still while it works. What it raises is kept as ``fault``, and the client is answered 500.

    The properties may be read from any thread, and speak of everything the cell had sent or closed by then.
    """

    def __init__(self, url: str, handler: Handler, loop: ServiceLoop, clock: Clock) -> None:
        self.url = url.rstrip("/")
        self.clock = clock
        self.fault: BaseException | None = None
        self._handler = handler
        self._loop = loop
        self._servers: list[asyncio.Server] = []
        self._requests: list[Request] = []
        self._kept_bytes = 0
        self._closed = False
        self._in_hand: set[Request] = set()
        self._peak = 0
        self._connections = 0
        self._open: set[HttpConnection] = set()

    @property
    def requests(self) -> list[Request]:
        """All requests so far, in the order of their arrival."""
        self._loop.settle()
        return list(self._requests)

    @property
    def in_flight(self) -> int:
        """How many requests have been asked and neither answered nor given up."""
        self._loop.settle()
        return len(self._in_hand)

    @property
    def peak(self) -> int:
        """The most requests that were in flight at once."""
        self._loop.settle()
        return self._peak

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        self._loop.settle()
        return self._connections

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        self._loop.settle()
        return len(self._open)

    def attach(self, listener: socket.socket) -> None:
        """Serve a listening socket, which is the service's own from now on. May be called for several."""
        self._loop.run(self._serve(listener))

    def close(self) -> None:
        """Stop serving and end every connection. What was recorded stays."""
        if not self._closed:
            self._loop.run(self._shut())

    async def _serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        server = await loop.create_server(lambda: HttpConnection(self), sock=listener, backlog=1024)
        self._servers.append(server)

    async def _shut(self) -> None:
        self._closed = True
        for server in self._servers:
            server.close()
        self._servers.clear()
        await asyncio.gather(*(connection.shut() for connection in list(self._open)))

    # What connections call, in the loop's thread.

    def admit(self, connection: HttpConnection) -> bool:
        """Count a new connection. False: there are too many, or the service is closed."""
        if len(self._open) >= MAX_CONNECTIONS or self._closed:
            return False
        self._connections += 1
        self._open.add(connection)
        return True

    def leave(self, connection: HttpConnection) -> None:
        self._open.discard(connection)

    def begin(self, request: Request, size: int) -> bool:
        """Take a request of ``size`` bytes in hand: number and record it. False: no more can be recorded."""
        request.number = len(self._requests)
        self._in_hand.add(request)
        self._peak = max(self._peak, len(self._in_hand))
        if len(self._requests) >= MAX_REQUESTS or not self.keep(size):
            return False
        self._requests.append(request)
        return True

    def keep(self, size: int) -> bool:
        """Count ``size`` bytes of a request. False: throw them away, for there are too many in all."""
        if self._kept_bytes + size > MAX_KEPT_BYTES:
            return False
        self._kept_bytes += size
        return True

    def finish(self, request: Request, *, aborted: bool = False) -> None:
        """The request is answered, or its client has left."""
        request.finished = self.clock.now()
        request.aborted = aborted
        self._in_hand.discard(request)

    def blame(self, error: BaseException) -> None:
        """Remember the first fault of the exercise's author."""
        self.fault = self.fault or error

    async def react(self, request: Request) -> Reaction:
        """What the handler says to ``request``. Raises nothing of the handler's."""
        try:
            if isinstance(self._handler, Mapping):
                return self._handler.get(request.path, Answer(404))
            said = self._handler(request)
            reaction = await said if inspect.isawaitable(said) else said
            if not isinstance(reaction, (Answer, Hang, Reset)):
                raise TypeError(f"the handler returned {reaction!r}, not an Answer, Hang or Reset")
            return reaction
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its author's fault
            self.blame(error)
            return Answer(500)
