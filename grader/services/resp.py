"""RESP, the protocol of Redis: reading the commands that a client sends, and writing a server's replies.

Commands are only watched on their way to a server, so nothing here has to refuse what a server would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Bounds on one command. Redis' own are 1,048,576 arguments of 512 MiB each.
MAX_ARGUMENTS = 1 << 20
MAX_ARGUMENT_BYTES = 8 << 20
MAX_LINE = 64 << 10


class RespError(ValueError):
    """The bytes are no RESP, or a command passes the bounds."""


class CommandReader:
    """Cuts a stream of bytes into commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._command: list[bytes] = []
        self._missing = 0  # arguments of the command that are still to come
        self._length = -1  # bytes of the next argument, or -1 before they are known

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take in bytes and return the commands that they complete. Raises RespError."""
        self._buffer += data
        commands = []
        while (command := self._next()) is not None:
            if command:
                commands.append(command)
        del self._buffer[: self._at]
        self._at = 0
        return commands

    def _next(self) -> list[bytes] | None:
        if not self._missing:
            line = self._line()
            if line is None:
                return None
            if not line.startswith(b"*"):
                return line.split()  # an inline command, as people type it into telnet
            self._missing = max(0, _number(line[1:], MAX_ARGUMENTS))
            self._command = []
        while self._missing:
            argument = self._argument()
            if argument is None:
                return None
            self._command.append(argument)
            self._missing -= 1
        return self._command

    def _argument(self) -> bytes | None:
        if self._length < 0:
            line = self._line()
            if line is None:
                return None
            if not line.startswith(b"$"):
                raise RespError(f"expected '$', got {line[:1]!r}")
            self._length = _number(line[1:], MAX_ARGUMENT_BYTES)
        end = self._at + self._length
        if len(self._buffer) < end + 2:
            return None
        argument = bytes(self._buffer[self._at : end])
        self._at = end + 2
        self._length = -1
        return argument

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            if len(self._buffer) - self._at > MAX_LINE:
                raise RespError("a line without an end")
            return None
        line = bytes(self._buffer[self._at : end])
        self._at = end + 1
        return line.removesuffix(b"\r")


class Push(list[object]):
    """A message nobody asked for: RESP3 marks it, RESP2 sends it as an array."""


class Status(bytes):
    """A short plain reply, such as OK."""


class Failure(str):
    """An error reply: its code, then its text."""

    __slots__ = ()


def encode(value: object, protocol: int) -> bytes:
    """``value`` as a reply in RESP version ``protocol``, 2 or 3."""
    match value:
        case None:
            return b"_\r\n" if protocol == 3 else b"$-1\r\n"
        case Status():
            return b"+%b\r\n" % value
        case Failure():
            return b"-%b\r\n" % value.replace("\r", " ").replace("\n", " ").encode()
        case bool():
            if protocol == 3:
                return b"#t\r\n" if value else b"#f\r\n"
            return b":%d\r\n" % value
        case int():
            return b":%d\r\n" % value
        case float():
            text = f"{value:.17g}".encode()
            return b",%b\r\n" % text if protocol == 3 else _bulk(text)
        case bytes():
            return _bulk(value)
        case str():
            return _bulk(value.encode())
        case Push():
            return _many(b">" if protocol == 3 else b"*", len(value), value, protocol)
        case list() | tuple():
            return _many(b"*", len(value), value, protocol)
        case set() | frozenset():
            return _many(b"~" if protocol == 3 else b"*", len(value), value, protocol)
        case dict():
            items = [item for pair in value.items() for item in pair]
            if protocol == 3:
                return _many(b"%", len(value), items, protocol)
            return _many(b"*", len(items), items, protocol)
        case _:
            raise TypeError(f"cannot send a {type(value).__name__}")


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


def _many(mark: bytes, count: int, items: Iterable[object], protocol: int) -> bytes:
    return b"%b%d\r\n%b" % (mark, count, b"".join(encode(item, protocol) for item in items))


def _number(digits: bytes, most: int) -> int:
    if not digits.removeprefix(b"-").isdigit() or int(digits) > most:
        raise RespError(f"no usable length: {digits[:20]!r}")
    return int(digits)
