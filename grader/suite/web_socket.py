"""A WebSocket to an app: the ``websockets`` library speaks the protocol, this file reads, within bounds,
and records.

Its own sync client reads in a thread, of which nobody can tell whether it still has something for the suite.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from grader.suite.curl import one_line
from grader.suite.shortly import shortly
from grader.suite.traffic import Traffic
from grader.suite.web_answers import MAX_BODY, SiteError
from grader.suite.web_transport import BASE, Begin, Waiting, wait_for

_LENGTH = 200  # characters of a message in the transcript


class WebSocket:
    """One connection that the app has accepted. Every method may raise ``SiteError``."""

    def __init__(
        self,
        site: str,
        path: str,
        headers: Mapping[str, str],
        subprotocols: Sequence[str],
        traffic: Traffic,
        begin: Begin,
        waiting: Waiting,
    ) -> None:
        self._path = path
        self._record, self._address = traffic.line, traffic.address
        self._begin = begin
        self._waiting = waiting
        self._messages: deque[str | bytes] = deque()
        self._parts: list[Frame] = []
        self._at_end = False
        self._protocol = ClientProtocol(
            parse_uri(BASE.replace("http", "ws", 1) + path),
            subprotocols=[cast("Subprotocol", name) for name in subprotocols] or None,
            max_size=MAX_BODY,
        )
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(begin().seconds)
        try:
            self._open(site, headers)
        except BaseException:
            self._socket.close()
            raise

    # -- what a suite uses

    @property
    def subprotocol(self) -> str | None:
        """What the app has chosen of the subprotocols that were offered."""
        return self._protocol.subprotocol

    @property
    def close_code(self) -> int | None:
        """The code with which the connection was closed, as far as it has been read."""
        return self._protocol.close_code

    def send(self, message: str | bytes) -> None:
        """Send a text or a binary message."""
        self._note(">", message)
        if self._protocol.state is not State.OPEN:
            raise self._closed()
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()

    def send_json(self, value: Any) -> None:
        """Send a value as a text message of JSON."""
        self.send(json.dumps(value))

    def recv(self) -> str | bytes:
        """The next message. Fails when the app closes the connection, or sends nothing within the timeout."""
        self._read_until(lambda: bool(self._messages))
        if not self._messages:
            raise self._closed()
        message = self._messages.popleft()
        self._note("<", message)
        return message

    def recv_json(self) -> Any:
        """The next message, which must be JSON."""
        message = self.recv()
        try:
            return json.loads(message)
        except (ValueError, RecursionError):
            raise SiteError(f"{self._name}: the message is not JSON: {shortly(message, 120)}") from None

    def recv_close(self) -> int:
        """Wait until the app closes the connection: the code. Fails when it sends a message instead."""
        self._read_until(lambda: bool(self._messages))
        if self._messages:
            shown = shortly(self._messages[0], 120)
            raise SiteError(f"{self._name}: the app sent {shown} instead of closing the connection")
        return self.close_code or 1006

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, and wait until the app has closed it too."""
        if self._protocol.state is State.OPEN:
            self._record(f"# close {code}")
            self._protocol.send_close(code, reason)
            with contextlib.suppress(SiteError):
                self._flush()
                self._read_until(lambda: False)
        self._socket.close()

    def drop(self) -> None:
        """Break the connection without a word, as a network does."""
        self._socket.close()

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.drop()

    # -- the protocol

    @property
    def _name(self) -> str:
        return f"WebSocket {shortly(self._path, _LENGTH, quote=False)}"

    def _open(self, site: str, headers: Mapping[str, str]) -> None:
        shown = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
        address = self._address.replace("http", "ws", 1) + self._path
        self._record(" ".join(["websocat", *shown, shlex.quote(shortly(address, 2_000, quote=False))]))
        request = self._protocol.connect()
        for name, value in headers.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self._protocol.send_request(request)
        try:
            self._socket.connect(site)
        except OSError:
            raise SiteError(f"{self._name}: the app accepts no connections") from None
        self._flush()
        protocol = self._protocol
        self._read_until(lambda: protocol.state is not State.CONNECTING or protocol.handshake_exc is not None)
        problem = self._protocol.handshake_exc
        if problem is not None:
            raise self._refused(problem)

    def _refused(self, problem: Exception) -> SiteError:
        if isinstance(problem, InvalidStatus):
            status = problem.response.status_code
            self._record(f"# -> {status}")
            return SiteError(f"{self._name}: the app answered {status} instead of accepting", status)
        if isinstance(problem.__cause__, EOFError):
            return SiteError(f"{self._name}: the app closed the connection without an answer")
        how = "is no WebSocket's" if isinstance(problem, InvalidHandshake) else "is not HTTP"
        detail = shortly(str(problem), 120, quote=False)
        return SiteError(f"{self._name}: the app's answer {how}: {detail}")

    def _closed(self) -> SiteError:
        code, reason = self._protocol.close_code, self._protocol.close_reason
        if code is None or code == 1006:
            return SiteError(f"{self._name}: the app broke the connection")
        because = f" ({shortly(reason, 120, quote=False)})" if reason else ""
        return SiteError(f"{self._name}: the connection was closed with code {code}{because}")

    def _read_until(self, enough: Callable[[], bool]) -> None:
        """Read until that holds or the connection has ended."""
        patience = self._begin()
        while not enough() and not self._at_end:
            try:
                wait_for(self._socket.fileno(), patience, self._waiting)
            except TimeoutError:
                raise SiteError(f"{self._name}: nothing came within {patience.seconds:g} s") from None
            self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except OSError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
            self._at_end = True
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return  # pings and closes are answered by the protocol
        self._parts.append(frame)
        if frame.fin:
            whole = b"".join(bytes(part.data) for part in self._parts)
            is_text = self._parts[0].opcode is Opcode.TEXT
            self._messages.append(whole.decode("utf-8", "replace") if is_text else whole)
            self._parts.clear()

    def _flush(self) -> None:
        """Send what the protocol has to say. That the app no longer listens shows at the next read."""
        with contextlib.suppress(OSError):
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.sendall(data)
                else:
                    self._socket.shutdown(socket.SHUT_WR)

    def _note(self, direction: str, message: str | bytes) -> None:
        text = one_line(message) if isinstance(message, str) else f"({len(message):,} bytes)"
        self._record(f"# {direction} {shortly(text, _LENGTH, quote=False)}")
