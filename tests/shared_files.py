"""A pytest plugin: several processes share the test files, each takes the next when it is free.

Loaded with ``-p tests.shared_files`` by ``python -m tests``, which hands down the pipe that the files are taken
from. These tests fork, so each process runs its tests in a main thread of its own, with no other thread beside it.
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Iterator

import pytest

#: Names the descriptor of the pipe.
TICKETS = "ONSPOT_TEST_TICKETS"
_TICKET = struct.Struct("<H")
_MOST_FILES = 1_000


def tickets() -> int:
    """A pipe of numbers, each to be read once; its end to read from, for the processes that share it."""
    read, write = os.pipe()
    os.write(write, b"".join(map(_TICKET.pack, range(_MOST_FILES))))
    os.close(write)
    return read


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Runs the tests of the files that this process has drawn."""
    if session.testsfailed and not session.config.option.continue_on_collection_errors:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    drawn = _drawn(session.items, int(os.environ[TICKETS]))
    item = next(drawn, None)
    while item is not None:
        following = next(drawn, None)  # known before: what both need, such as a warm cell, is kept
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            raise session.Interrupted(session.shouldfail or session.shouldstop)
        item = following
    return True


def _drawn(items: list[pytest.Item], pipe: int) -> Iterator[pytest.Item]:
    files = [list(group) for _, group in itertools.groupby(items, lambda item: item.path)]
    while (ticket := os.read(pipe, _TICKET.size)) and (number := _TICKET.unpack(ticket)[0]) < len(files):
        yield from files[number]
