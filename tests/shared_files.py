"""A pytest plugin: several processes share the test files, each takes the next when it is free.

Loaded with ``-p tests.shared_files`` by ``python -m tests``, which hands down the pipe that the files are taken
from. These tests fork, so each process runs its tests in a main thread of its own, with no other thread beside it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from grader.suite.tickets import Tickets

#: Names the descriptor of the tickets' pipe.
PIPE = "ONSPOT_TEST_TICKETS"
#: Tickets to hand out: the processes see for themselves how many files there are.
MOST_FILES = 1_000


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Runs the tests of the files that this process has drawn."""
    if session.testsfailed and not session.config.option.continue_on_collection_errors:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    drawn = _drawn(session.items, Tickets(int(os.environ[PIPE])))
    item = next(drawn, None)
    while item is not None:
        following = next(drawn, None)  # known before: what both need, such as a warm cell, is kept
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            raise session.Interrupted(session.shouldfail or session.shouldstop)
        item = following
    return True


def _drawn(items: list[pytest.Item], tickets: Tickets) -> Iterator[pytest.Item]:
    files = [list(group) for _, group in itertools.groupby(items, lambda item: item.path)]
    assert len(files) <= MOST_FILES, "more test files than tickets"
    while (number := tickets.draw()) is not None and number < len(files):
        yield from files[number]
