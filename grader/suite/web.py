"""The suite's side of an app that is served in the cell: ordinary clients over its Unix socket, all recorded.

A suite uses an ``httpx.Client``, an ``httpx.AsyncClient`` and WebSockets as against any server. What is
different: every exchange goes into the transcript as a ``curl`` command, and an app that does not answer
properly is a :class:`SiteError`, which fails the check like any other assertion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import httpx

from grader.suite.traffic import Traffic
from grader.suite.web_answers import SiteError
from grader.suite.web_socket import WebSocket
from grader.suite.web_transport import BASE, AsyncTransport, Begin, Transport, Waiting

__all__ = ["Site", "SiteError"]


class Site:
    """One served app.

    ``path`` is its Unix socket; ``traffic`` is told of each exchange; ``stop()`` shuts the app down;
    ``begin()`` gives the patience with an answer that is waited for from now on; ``waiting(descriptor)`` is
    entered while the suite waits for that file to become readable.
    """

    def __init__(
        self,
        path: str,
        traffic: Traffic,
        stop: Callable[[], object],
        begin: Begin,
        waiting: Waiting,
    ) -> None:
        self._path = path
        self._traffic = traffic
        self._stop = stop
        self._begin = begin
        self._waiting = waiting
        self._client: httpx.Client | None = None
        self._sockets: list[WebSocket] = []
        self._stopped = False

    @property
    def client(self) -> httpx.Client:
        """A client whose ``base_url`` is the app. It follows no redirects, and keeps cookies between
        requests.
        """
        self._refuse_if_stopped()
        if self._client is None:
            transport = Transport(self._path, self._traffic, self._begin, self._waiting)
            timeout = self._begin().seconds
            self._client = httpx.Client(transport=transport, base_url=BASE, timeout=timeout, trust_env=False)
        return self._client

    def async_client(self) -> httpx.AsyncClient:
        """The same for asynchronous checks: ``async with site.async_client() as client``."""
        self._refuse_if_stopped()
        transport = AsyncTransport(self._path, self._traffic, self._begin)
        return httpx.AsyncClient(transport=transport, base_url=BASE, timeout=None, trust_env=False)  # noqa: S113 - the transport has one

    def websocket(
        self, path: str, *, headers: Mapping[str, str] | None = None, subprotocols: Sequence[str] = ()
    ) -> WebSocket:
        """A WebSocket connection, accepted by the app. Use it with ``with``, or close it.

        Raises:
            SiteError: the app refuses; ``status`` is that of its answer.
        """
        self._refuse_if_stopped()
        opened = WebSocket(self._path, path, headers or {}, subprotocols, self._traffic, self._begin, self._waiting)
        self._sockets.append(opened)
        return opened

    def stop(self) -> None:
        """Have the app shut down gracefully, and wait for it. Raises what its shutdown raises."""
        self._refuse_if_stopped()
        self._stopped = True
        try:
            self._stop()
        finally:
            self.close()

    def close(self) -> None:
        """Close every connection. The app is not asked to stop."""
        if self._client is not None:
            self._client.close()
            self._client = None
        for opened in self._sockets:
            opened.drop()
        self._sockets.clear()

    def _refuse_if_stopped(self) -> None:
        if self._stopped:
            raise SiteError("the site was stopped")
