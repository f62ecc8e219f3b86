"""The servers behind Redis services. Starting one takes a tenth of a second, so they are used again."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING, Protocol

from grader.services.clock import Clock
from grader.services.fake_server import FakeRedisServer
from grader.services.relay import Link, Peer
from grader.services.valkey_server import ValkeyServer, find_server

if TYPE_CHECKING:
    import redis


class RedisServer(Protocol):
    """A server for one service at a time. Coroutines are run in the service loop."""

    @property
    def kind(self) -> str:
        """What serves, for people: "valkey 9.1"."""

    @property
    def virtual(self) -> bool:
        """Whether its time follows the check's clock."""

    @property
    def alive(self) -> bool: ...

    async def begin(self, clock: Clock) -> None:
        """Serve a check, by its clock if the server's time can be moved."""

    async def connect(self, peer: Peer) -> Link: ...

    def client(self) -> redis.Redis:
        """A client for the trusted side."""

    async def end(self) -> bool:
        """Forget everything the check left. False: it can't; throw the server away."""

    def stop(self) -> None: ...


_idle: dict[bool, list[RedisServer]] = {False: [], True: []}  # by whether they live on virtual time


def take(*, virtual: bool) -> RedisServer:
    """An empty server that nobody uses: fakeredis for virtual time or for want of a real one."""
    while _idle[virtual]:
        server = _idle[virtual].pop()
        if server.alive:
            return server
        server.stop()
    program = None if virtual else find_server()
    return FakeRedisServer(virtual=virtual) if program is None else ValkeyServer(program)


def give_back(server: RedisServer, *, is_clean: bool) -> None:
    """Keep a server for its next use, if it has been emptied."""
    if is_clean and server.alive:
        _idle[server.virtual].append(server)
    else:
        server.stop()


def stop_all() -> None:
    """Stop the servers that nobody uses."""
    for servers in _idle.values():
        while servers:
            servers.pop().stop()


def _forget() -> None:
    """In a forked child: the servers are the parent's."""
    for servers in _idle.values():
        servers.clear()


atexit.register(stop_all)
os.register_at_fork(after_in_child=_forget)
