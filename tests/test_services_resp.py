"""RESP: cutting a stream into commands, and writing replies."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.services.resp import CommandReader, Failure, Push, RespError, Status, encode

commands = st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=5), max_size=6)


@settings(deadline=None)
@given(commands, st.data())
def test_commands_are_read_however_the_stream_is_cut(sent: list[list[bytes]], data: st.DataObject) -> None:
    stream = b"".join(encode(command, 2) for command in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    reader = CommandReader()
    got = []
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        got += reader.feed(stream[start:end])
    assert got == sent


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_nonsense_is_refused_or_read_as_words(data: bytes) -> None:
    with contextlib.suppress(RespError):
        CommandReader().feed(data)


def test_inline_commands_and_empty_ones() -> None:
    assert CommandReader().feed(b"\r\n*0\r\n  get  a \r\nPING\n") == [[b"get", b"a"], [b"PING"]]


@pytest.mark.parametrize(
    "data",
    [
        b"*1\r\n:5\r\n",
        b"*x\r\n",
        b"*99999999\r\n",
        b"*1\r\n$99999999\r\n",
        b"x" * 100_000,
    ],
)
def test_what_passes_the_bounds_is_refused(data: bytes) -> None:
    with pytest.raises(RespError):
        CommandReader().feed(data)


@pytest.mark.parametrize(
    ("value", "second", "third"),
    [
        (None, b"$-1\r\n", b"_\r\n"),
        (Status(b"OK"), b"+OK\r\n", b"+OK\r\n"),
        (Failure("ERR a\r\nb"), b"-ERR a  b\r\n", b"-ERR a  b\r\n"),
        (True, b":1\r\n", b"#t\r\n"),
        (False, b":0\r\n", b"#f\r\n"),
        (-5, b":-5\r\n", b":-5\r\n"),
        (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
        (b"\x00\xff", b"$2\r\n\x00\xff\r\n", b"$2\r\n\x00\xff\r\n"),
        ("é", b"$2\r\n\xc3\xa9\r\n", b"$2\r\n\xc3\xa9\r\n"),
        ([1, [b"a"]], b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n", b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n"),
        ({1: 2}, b"*2\r\n:1\r\n:2\r\n", b"%1\r\n:1\r\n:2\r\n"),
        ({1}, b"*1\r\n:1\r\n", b"~1\r\n:1\r\n"),
        (Push([1]), b"*1\r\n:1\r\n", b">1\r\n:1\r\n"),
    ],
)
def test_replies_in_both_versions(value: object, second: bytes, third: bytes) -> None:
    assert encode(value, 2) == second
    assert encode(value, 3) == third


def test_what_has_no_encoding_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        encode(object(), 3)
