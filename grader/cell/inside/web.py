"""Serves the submission's ASGI app inside the cell: uvicorn, on a listening socket that was handed in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

from grader.cell.inside.failures import own_traceback
from grader.cell.inside.web_processes import Child, fork

#: Seconds that requests in hand get when a site is stopped, and that all of stopping may take.
GRACE, STOPPING = 2, 4

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Factory = Callable[..., Any]


class Site:
    """One app that a thread of this process serves."""

    def __init__(self, server: Server, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread

    def raised(self) -> str:
        """The traceback of what the app raised last while it answered, its own frames alone; empty if nothing."""
        return self._server.raised

    def stop(self) -> None:
        """Shuts the app down gracefully. Raises what its shutdown raises."""
        self._server.stop()
        self._thread.join(STOPPING)
        if self._thread.is_alive():
            raise TimeoutError(f"the app did not shut down within {STOPPING} s")
        self._server.raise_failure()


class ForkedSites:
    """Apps that child processes serve: ``sites[0].stop()`` stops one of them, ``sites.stop()`` all."""

    def __init__(self, children: list[Child]) -> None:
        self._children = children

    def __getitem__(self, number: int) -> Child:
        return self._children[number]

    def __len__(self) -> int:
        return len(self._children)

    def stop(self) -> None:
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop()


def serve(factory: Factory, descriptor: int, args: list[Any], kwargs: dict[str, Any]) -> Site:
    """Serves ``factory(*args, **kwargs)`` on the listening socket ``descriptor``; returns when it has
    started.

    Raises what the factory or the app's start-up raises.
    """
    ready = threading.Event()
    server = Server(factory(*args, **kwargs), ready.set)

    def run() -> None:
        try:
            server.serve_until_stopped(descriptor)
        except BaseException as error:
            server.failure = error
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="web", daemon=True)
    thread.start()
    ready.wait()
    server.raise_failure()
    return Site(server, thread)


def serve_forked(factory: Factory, descriptors: list[int], args: list[Any], kwargs: dict[str, Any]) -> ForkedSites:
    """As ``serve``, but forks a process for each descriptor, in which the app is made.

    Raises ``RuntimeError`` with the traceback of a child that did not start.
    """

    def live(descriptor: int, started: Callable[[], None]) -> None:
        server = Server(factory(*args, **kwargs), started)
        server.serve_until_stopped(descriptor)
        server.raise_failure()

    children: list[Child] = []
    try:
        for number, descriptor in enumerate(descriptors):
            children.append(fork(number, live, descriptor, STOPPING))
    except BaseException:
        for child in children:
            child.kill()
        raise
    return ForkedSites(children)


class Server(uvicorn.Server):
    """uvicorn without its clockwork: nothing in it ticks, so that virtual time may jump."""

    def __init__(self, app: Any, on_start: Callable[[], None]) -> None:
        if not callable(app):
            raise TypeError(f"the factory returned {type(app).__name__!r}, which is not an ASGI app")
        super().__init__(
            uvicorn.Config(
                Observed(app, self),
                loop="asyncio",
                http="h11",
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                date_header=False,
                server_header=False,
                ws_ping_interval=None,
                timeout_keep_alive=86_400,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self.failure: BaseException | None = None
        self.raised = ""  # no exception, which would keep alive what its frames hold
        self._on_start = on_start
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event

    def serve_until_stopped(self, descriptor: int) -> None:
        """Serves on a listening socket, which refuses connections from then on, whoever else holds it.

        What the app's lifespan raises is kept as ``failure``.
        """
        with socket.socket(fileno=os.dup(descriptor)) as listener:
            try:
                with contextlib.suppress(SystemExit):  # how uvicorn says that the start-up failed
                    self.run(sockets=[listener.dup()])
            finally:
                listener.shutdown(socket.SHUT_RDWR)
        if not self.started and self.failure is None:
            self.failure = RuntimeError("the app answered lifespan.startup with lifespan.startup.failed")

    async def main_loop(self) -> None:
        """Wait until :meth:`stop`."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        with contextlib.suppress(ValueError, RuntimeError):  # only a main thread can have signals
            self._loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        self._on_start()
        await self._stopping.wait()

    def stop(self) -> None:
        """Asks for a graceful shutdown, from any thread."""
        with contextlib.suppress(RuntimeError):  # its loop has ended already
            self._loop.call_soon_threadsafe(self._stopping.set)

    def raise_failure(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure


class Observed:
    """The app. What it raises in its lifespan is kept for whoever starts or stops it.

    What it raises after a whole answer is dropped: uvicorn would cut the connection, and whether the client's next
    request still meets it would be a matter of luck. Starlette raises so after each 500 of its error handler.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], server: Server) -> None:
        self._app = app
        self._server = server
        self._folder = os.getcwd()  # a cell works where the submission lies

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            with self._kept():
                await self._app(scope, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        answered = False

        async def tell(message: Message) -> None:
            nonlocal answered
            await send(message)
            answered = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            with self._kept():
                await self._app(scope, receive, tell)
        except Exception:
            if not answered:
                raise

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            raise  # the client has gone
        except BaseException as error:
            self._server.raised = own_traceback(error, self._folder, packages=False)
            raise

    async def _live(self, scope: Message, receive: Receive, send: Send) -> None:
        listened = False

        async def listen() -> Message:
            nonlocal listened
            listened = True
            return await receive()

        try:
            await self._app(scope, listen, send)
        except BaseException as error:
            if listened:  # an app that refuses at once does not know the lifespan protocol, and need not
                self._server.failure = error
                raise
