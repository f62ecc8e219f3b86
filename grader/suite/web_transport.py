"""Transports for httpx that lead to an app's Unix socket, read answers within bounds, and record every
exchange.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from grader.cell.budget import Patience, within
from grader.suite.traffic import Traffic
from grader.suite.web_answers import MAX_BODY, Answer, SiteError, answer, explained, too_large

#: The host of every request: an app that makes addresses of it does not depend on where it is served.
BASE = "http://onspot.test"

#: Connections that an asynchronous client keeps open. For each request and answer its pool looks at every pair of them:
#: of fifty, that is more work than the requests are.
_KEPT = 8

Waiting = Callable[[int], AbstractContextManager[None]]
#: Gives the patience with an exchange that begins now.
Begin = Callable[[], Patience]

#: How long the exchange of this thread may take yet.
_patience: ContextVar[Patience] = ContextVar("patience")


class Transport(httpx.HTTPTransport):
    """For ``httpx.Client``."""

    def __init__(self, path: str, traffic: Traffic, begin: Begin, waiting: Waiting) -> None:
        super().__init__(verify=False)  # nothing is encrypted on the way
        super().close()
        self._pool = httpcore.ConnectionPool(  # httpx has no argument for a network backend
            uds=path, network_backend=_Backend(waiting), max_connections=None, keepalive_expiry=None
        )
        self._traffic = traffic
        self._begin = begin

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        patience = self._begin()
        token = _patience.set(patience)
        try:
            with _recorded(request, self._traffic) as took, explained(request, patience.seconds):
                response = super().handle_request(request)
                stream = response.stream
                assert isinstance(stream, httpx.SyncByteStream)
                body = bytearray()
                with contextlib.closing(response):
                    for part in stream:
                        _extend(body, part, request)
                return took(answer(request, response, bytes(body)))
        finally:
            _patience.reset(token)


class AsyncTransport(httpx.AsyncHTTPTransport):
    """For ``httpx.AsyncClient``. While the suite's event loop waits, it says so itself."""

    def __init__(self, path: str, traffic: Traffic, begin: Begin) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=_KEPT, keepalive_expiry=None)
        super().__init__(verify=False, uds=path, limits=limits)
        self._traffic = traffic
        self._begin = begin

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        patience = self._begin()
        with _recorded(request, self._traffic, is_async=True) as took, explained(request, patience.seconds):
            async with within(patience):
                response = await super().handle_async_request(request)
                stream = response.stream
                assert isinstance(stream, httpx.AsyncByteStream)
                body = bytearray()
                async with contextlib.aclosing(response):
                    async for part in stream:
                        _extend(body, part, request)
            return took(answer(request, response, bytes(body)))


def _extend(body: bytearray, part: bytes, request: httpx.Request) -> None:
    body += part
    if len(body) > MAX_BODY:
        raise too_large(request)


@contextlib.contextmanager
def _recorded(
    request: httpx.Request, traffic: Traffic, *, is_async: bool = False
) -> Iterator[Callable[[Answer], Answer]]:
    """Records the request with the answer that is handed in, or with the reason why there is none."""
    answers: list[Answer] = []

    def took(whole: Answer) -> Answer:
        answers.append(whole)
        return whole

    problem, told = "no answer", traffic.begin(request, BASE, is_async=is_async)
    try:
        yield took
    except SiteError as error:
        problem = str(error).partition(": ")[2]
        raise
    finally:
        told(answers[0] if answers else problem)


class _Backend(httpcore.NetworkBackend):
    """Connects to a Unix socket; whoever reads from it waits in the suite's way."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for option in socket_options or ():
            connection.setsockopt(*option)
        connection.settimeout(timeout)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            raise httpcore.ConnectError(str(error)) from None
        return _Stream(connection, self._waiting)


class _Stream(httpcore.NetworkStream):
    def __init__(self, connection: socket.socket, waiting: Waiting) -> None:
        self._connection = connection
        self._waiting = waiting

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wait_for(self._connection.fileno(), _patience.get(), self._waiting)
        self._connection.settimeout(timeout)
        try:
            return self._connection.recv(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._connection.settimeout(timeout)
        try:
            self._connection.sendall(buffer)
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from None

    def close(self) -> None:
        self._connection.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of an idle connection: it was closed, if so
            return is_readable(self._connection.fileno())
        return self._connection if info == "socket" else None


def is_readable(descriptor: int, seconds: float = 0.0) -> bool:
    """Whether a read from ``descriptor`` would return at once, within ``seconds``."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def wait_for(descriptor: int, patience: Patience, waiting: Waiting) -> None:
    """Return when ``descriptor`` can be read. Raises ``TimeoutError`` when that takes too long."""
    if is_readable(descriptor):
        return
    with waiting(descriptor):
        while left := patience.left():
            if is_readable(descriptor, left):
                return
    raise TimeoutError
