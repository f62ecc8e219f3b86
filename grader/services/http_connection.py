"""One connection of an HTTP back end: h11 reads and writes the protocol, this file decides when."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, unquote

import h11

from grader.services.answers import Answer, Hang, Request, Reset
from grader.services.clock import Hold

if TYPE_CHECKING:
    from grader.services.http import HttpService

MAX_HEAD = 32 << 10  # bytes of request line and headers
MAX_BODY = 1 << 20
MAX_AHEAD = 64 << 10  # bytes a client may send while its last request is in hand

_PHRASES: dict[int, str] = {status.value: status.phrase for status in HTTPStatus}


class HttpConnection(asyncio.Protocol):
    """Reads requests, has ``service`` answer them one by one, and holds the clock while one is in hand.

    The hold is taken with the first byte of a request and given back when the answer has been written.
    While a task answers, the hold is that task's own, because it sleeps with it.
    """

    def __init__(self, service: HttpService) -> None:
        self._service = service
        self._hold = Hold(service.clock)
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._transport: asyncio.Transport
        self._request: Request | None = None
        self._refusal: Answer | None = None
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._drained = asyncio.Event()
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._service.admit(self):
            self._gone = True
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=0)
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._drained.set()
        self._hold.take()
        self._hold.linger()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._task is None:
            self._hold.take()
        elif len(self._parser.trailing_data[0]) > MAX_AHEAD:
            self._transport.abort()
            return
        self._parser.receive_data(data)
        self._read_on()

    def eof_received(self) -> None:
        self._leave()

    def connection_lost(self, _error: Exception | None) -> None:
        self._leave()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    async def shut(self) -> None:
        """End the connection whatever it is doing."""
        task = self._task
        self._leave()
        self._transport.abort()
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _leave(self) -> None:
        """The client has gone."""
        if self._gone:
            return
        self._gone = True
        self._service.leave(self)
        if self._request is not None:
            self._finish(aborted=True)
        if self._task is None:
            self._hold.drop()
        else:
            self._task.add_done_callback(lambda _task: self._hold.drop())
            self._task.cancel()

    def _read_on(self) -> None:
        """Take in what has arrived, until a request is whole."""
        try:
            while self._task is None:
                event = self._parser.next_event()
                if isinstance(event, h11.Request):
                    self._start(event)
                elif isinstance(event, h11.Data):
                    self._collect(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    self._task = asyncio.get_running_loop().create_task(self._answer())
                else:
                    self._wait_for_more()
                    return
        except h11.RemoteProtocolError as error:
            self._refuse(error)

    def _wait_for_more(self) -> None:
        if self._parser.their_state is h11.IDLE and not self._parser.trailing_data[0]:
            self._hold.drop()
            return
        if self._parser.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))
        self._hold.linger()

    def _start(self, event: h11.Request) -> None:
        target = event.target.decode("latin-1")
        path, _, query = target.partition("?")
        headers: dict[str, str] = {}
        for raw_name, raw_value in event.headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._body.clear()
        self._refusal = None
        self._request = Request(
            number=0,
            method=event.method.decode("latin-1"),
            target=target,
            path=unquote(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers=headers,
            started=self._service.clock.now(),
        )
        size = len(target) + sum(len(name) + len(value) for name, value in event.headers)
        if not self._service.begin(self._request, size):
            self._refuse_request(503, "this back end can keep no more requests")
        elif size > MAX_HEAD:
            self._refuse_request(431, "the headers are larger than 32 KiB")

    def _collect(self, data: bytes) -> None:
        """Keep the body while it may be kept, and read the rest only so that the client can be told."""
        if self._refusal is not None:
            return
        if len(self._body) + len(data) > MAX_BODY:
            self._refuse_request(413, "the body is larger than 1 MiB")
        elif not self._service.keep(len(data)):
            self._refuse_request(503, "this back end can keep no more requests")
        else:
            self._body += data

    def _refuse_request(self, status: int, problem: str) -> None:
        """Have the request answered without asking the handler, once all of it has come in."""
        assert self._request is not None
        self._refusal = Answer(status)
        self._request.problem = problem

    async def _answer(self) -> None:
        request = self._request
        assert request is not None
        request.body = bytes(self._body)
        reaction = self._refusal or await self._service.react(request)
        if isinstance(reaction, Hang):
            self._hold.drop()
            await asyncio.get_running_loop().create_future()
        elif isinstance(reaction, Reset):
            self._reset()
        else:
            if reaction.delay > 0:
                await self._service.clock.sleep(reaction.delay)
            await self._send(reaction, request.method)
        self._next()

    async def _send(self, answer: Answer, method: str) -> None:
        """Write the answer, and wait until it is on its way."""
        try:
            head, body = self._rendered(answer, method)
        except (h11.LocalProtocolError, TypeError, ValueError, AttributeError) as error:
            self._service.blame(error)
            head, body = self._rendered(Answer(500), method)
        self._write(head, h11.Data(data=body), h11.EndOfMessage())
        if not self._drained.is_set():
            self._hold.linger()
            await self._drained.wait()

    def _rendered(self, answer: Answer, method: str) -> tuple[h11.Response, bytes]:
        headers, body = answer.payload()
        bodiless = answer.status in (204, 304)
        if "content-length" not in dict(headers) and not bodiless:
            headers.append(("content-length", str(len(body))))
        head = h11.Response(status_code=answer.status, headers=headers, reason=_PHRASES.get(answer.status, ""))
        return head, b"" if bodiless or method == "HEAD" else body

    def _next(self) -> None:
        """The request in hand is done; go on with the connection."""
        self._finish()
        self._task = None
        if self._parser.our_state is h11.DONE and self._parser.their_state is h11.DONE:
            self._parser.start_next_cycle()
            self._read_on()
        else:
            self._close()

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Answer what is no HTTP, and hang up."""
        if self._request is None:
            self._request = Request(0, "", "", "", {}, {}, self._service.clock.now())
            self._service.begin(self._request, 0)
        self._request.problem = str(error)
        if self._parser.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("content-length", "0"), ("connection", "close")]
            head = h11.Response(status_code=error.error_status_hint, headers=headers)
            self._write(head, h11.EndOfMessage())
        self._finish()
        self._close()

    def _write(self, *events: h11.Event) -> None:
        """Write the events at once. What breaks the promised length stops the writing, and h11 knows it."""
        out = b""
        with contextlib.suppress(h11.LocalProtocolError):
            for event in events:
                out += self._parser.send(event) or b""
        self._transport.write(out)

    def _reset(self) -> None:
        """Close with RST: a linger time of zero throws away what is unsent."""
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _socket(self) -> socket.socket:
        return cast("socket.socket", self._transport.get_extra_info("socket"))

    def _finish(self, *, aborted: bool = False) -> None:
        if self._request is not None:
            self._service.finish(self._request, aborted=aborted)
            self._request = None

    def _close(self) -> None:
        self._transport.close()
        self._hold.drop()
