"""Redis as a service: real and fake give the same, and both are closed to what a client must not do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from grader.services import fake_server, redis_servers, relay
from grader.services import redis as redis_service
from grader.services.clock import RealClock
from grader.services.loop import ServiceLoop
from grader.services.redis import RedisService
from grader.services.valkey_server import find_server

Serve = Callable[[], RedisService]
real = pytest.mark.skipif(find_server() is None, reason="no Redis server on this machine")


@pytest.fixture
def loop() -> Iterator[ServiceLoop]:
    loop = ServiceLoop()
    yield loop
    loop.close()
    assert loop.faults == []


@pytest.fixture(params=[pytest.param(False, id="real", marks=real), pytest.param(True, id="fake")])
def virtual(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def serve(loop: ServiceLoop, virtual: bool) -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start() -> RedisService:
            listener = socket.create_server(("127.0.0.1", 0))
            url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
            service = RedisService(url, loop, RealClock(), virtual=virtual)
            stack.callback(service.close)
            service.attach(listener)
            return service

        yield start


@pytest.fixture
def server(serve: Serve) -> RedisService:
    return serve()


@pytest.fixture(params=[2, 3])
def client(server: RedisService, request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url, protocol=request.param, decode_responses=True) as client:
        yield client


def execute(client: redis.Redis, *command: Any) -> Any:
    """What the server answers to ``command``, which redis-py does not know or would not send."""
    return client.execute_command(*command)  # type: ignore[no-untyped-call]


def test_answers_like_redis(client: redis.Redis) -> None:
    assert client.ping() is True
    assert client.set("a", 1) is True
    assert client.set("a", 2, nx=True) is None
    assert client.incrby("a", 4) == 5
    assert client.get("a") == "5"
    assert client.get("missing") is None
    assert client.hset("h", mapping={"x": "1", "y": "2"}) == 2
    assert client.hgetall("h") == {"x": "1", "y": "2"}
    assert client.sadd("s", "m") == 1
    assert client.smembers("s") == {"m"}
    assert client.zadd("z", {"a": 1.5, "b": 2}) == 2
    assert client.zscore("z", "a") == 1.5
    assert client.zrank("z", "b") == 1
    assert client.rpush("l", "message", "b") == 2
    assert client.lrange("l", 0, -1) == ["message", "b"]  # not taken for a published message
    assert client.xadd("st", {"f": "v"}, id="1-1") == "1-1"
    assert client.xlen("st") == 1
    assert client.expire("a", 100) is True
    assert client.ttl("a") == 100
    assert client.ttl("h") == -1
    assert client.type("z") == "zset"
    assert client.exists("a", "nothing") == 1
    assert client.delete("a", "h") == 2
    assert list(client.scan_iter("z*")) == ["z"]


def test_refuses_like_redis(client: redis.Redis) -> None:
    client.set("a", "text")
    with pytest.raises(redis.ResponseError, match="not an integer"):
        client.incr("a")
    with pytest.raises(redis.ResponseError, match=r"WRONGTYPE|wrong kind"):
        client.lpush("a", 1)
    with pytest.raises(redis.ResponseError, match="unknown command"):
        execute(client, "NOSUCH")
    assert client.get("a") == "text"


def test_transactions(client: redis.Redis, server: RedisService) -> None:
    with client.pipeline() as pipeline:
        pipeline.watch("a")  # type: ignore[no-untyped-call]
        pipeline.multi()
        pipeline.set("a", 1)
        server.client.set("a", 2)
        with pytest.raises(redis.WatchError):
            pipeline.execute()
    with client.pipeline() as pipeline:
        pipeline.set("b", 1)
        pipeline.incrby("b", 1)
        assert pipeline.execute() == [True, 2]
    assert server.commands[-4:] == [["MULTI"], ["SET", "b", "1"], ["INCRBY", "b", "1"], ["EXEC"]]


def test_scripts(client: redis.Redis) -> None:
    take = client.register_script("""
        local n = redis.call('INCR', KEYS[1])
        if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
        return {n, redis.call('GET', KEYS[1]), cjson.encode({a = 1}), redis.call('GET', 'none')}
    """)
    assert take(keys=["k"], args=[60_000])[:3] == [1, "1", '{"a":1}']
    assert take(keys=["k"], args=[60_000])[0] == 2
    assert 0 < client.pttl("k") <= 60_000
    with pytest.raises(redis.ResponseError, match="boom"):
        client.eval("return redis.error_reply('boom')", 0)
    assert client.eval("return redis.status_reply('fine')", 0) == "fine"


@pytest.mark.parametrize(
    "script",
    [
        "return os.execute('true')",
        "return io.open('/etc/passwd')",
        "return require('os')",
        "return python.builtins",
        "return redis.call.__globals__",
        "redis.call.x = 1",
        "return getmetatable(redis.call).__gc(redis.call)",
        "return loadstring('\\27Lua')()",
        "return debug.getregistry()",
        "forgotten_local = 1",
        "return nonexistent",
        "setmetatable(_G, {})",
    ],
)
def test_scripts_get_no_further_than_on_a_real_server(client: redis.Redis, script: str) -> None:
    with pytest.raises(redis.ResponseError):
        client.eval(script, 0)
    assert client.eval("local kept = 1 return kept", 0) == 1


def test_scripts_that_were_compiled_elsewhere_are_refused(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError):
        execute(client, "EVAL", b"\x1bLuaQ\x00\x01\x04\x08\x04\x08\x00", 0)
    assert client.eval("return load(function() return nil end) ~= nil and 1 or 0", 0) == 1


def test_scripts_have_bounded_memory(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError):
        client.eval("local s = 'x' for i = 1, 40 do s = s .. s end return #s", 0)
    assert client.ping()


def test_publishing(client: redis.Redis) -> None:
    with client.pubsub() as listener:  # type: ignore[no-untyped-call]
        listener.subscribe("a")
        listener.psubscribe("b*")
        assert [listener.get_message(timeout=10)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
        assert client.publish("a", "one") == 1
        assert client.publish("b2", "two") == 1
        assert client.publish("c", "three") == 0
        assert [listener.get_message(timeout=10)["data"] for _ in range(2)] == ["one", "two"]
        listener.unsubscribe()
        assert listener.get_message(timeout=10)["type"] == "unsubscribe"


def test_blocking_commands_wake(client: redis.Redis, server: RedisService) -> None:
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(client.blpop(["q"], timeout=60)))
    thread.start()
    while ["BLPOP", "q", "60"] not in server.commands:
        pass
    server.client.rpush("q", "v")
    thread.join(10)
    assert [tuple(answer) for answer in got] == [("q", "v")]


def test_asynchronous_clients(server: RedisService) -> None:
    async def use() -> list[int]:
        async with redis.asyncio.Redis.from_url(server.url) as client:
            return list(await asyncio.gather(*(client.incr("n") for _ in range(20))))

    assert sorted(asyncio.run(use())) == list(range(1, 21))
    assert server.connections > 1
    assert server.open_connections == 0


def test_records_commands_but_no_greetings(server: RedisService) -> None:
    with redis.Redis.from_url(f"{server.url}/1", client_name="me") as client:
        client.set("a", b"\xff\n")
    with redis.Redis.from_url(server.url, protocol=2) as client:
        client.ping()
    server.client.get("b")
    assert server.commands == [["SET", "a", "\\xff\n"], ["PING"]]


def test_records_within_bounds(server: RedisService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_service, "MAX_COMMANDS", 3)
    with redis.Redis.from_url(server.url) as client:
        for _ in range(5):
            client.ping()
        monkeypatch.setattr(redis_service, "MAX_KEPT_BYTES", 30)
        client.set("a", "x" * 100)
        assert client.get("a") == b"x" * 100
    assert len(server.commands) == 3


def test_stops_and_starts(client: redis.Redis, server: RedisService) -> None:
    client.set("a", 1)
    server.stop()
    assert server.open_connections == 0
    for _ in range(2):
        with pytest.raises(redis.ConnectionError):
            client.get("a")
    assert server.client.get("a") == "1"
    server.start()
    assert client.get("a") == "1"


def test_nothing_is_left_for_the_next_service(serve: Serve) -> None:
    first = serve()
    with redis.Redis.from_url(first.url) as client:
        client.set("a", 1)
        digest = client.script_load("return 1")
        if first.kind.startswith("valkey"):
            first.client.config_set("maxmemory", "1mb")
            first.client.config_set("notify-keyspace-events", "KEA")
    first.close()
    second = serve()
    assert second.commands == []
    assert second.client.keys() == []
    assert second.client.script_exists(digest) == [False]
    if second.kind.startswith("valkey"):
        assert second.client.config_get("maxmemory") == {"maxmemory": str(256 << 20)}
        assert second.client.config_get("notify-keyspace-events") == {"notify-keyspace-events": ""}


def test_two_services_are_strangers(serve: Serve) -> None:
    first, second = serve(), serve()
    first.client.set("a", 1)
    assert second.client.get("a") is None


@pytest.mark.parametrize(
    "command",
    [
        "CONFIG SET maxmemory 1",
        "SHUTDOWN NOSAVE",
        "SAVE",
        "REPLICAOF 127.0.0.1 1",
        "MIGRATE 127.0.0.1 1 key 0 1",
        "ACL SETUSER default",
        "ACL LIST",
        "MODULE LOAD /tmp/x.so",
        "CLIENT PAUSE 1000",
        "CLIENT KILL TYPE normal",
        "MONITOR",
        "DEBUG SLEEP 1",
    ],
)
@real
def test_a_submission_cannot_administer_a_real_server(loop: ServiceLoop, command: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
    service = RedisService(url, loop, RealClock(), virtual=False)
    service.attach(listener)
    with redis.Redis.from_url(url) as client:
        with pytest.raises(redis.ResponseError):
            execute(client, *command.split())
        assert client.ping()
    assert service.kind.split()[0] in {"valkey", "redis"}
    assert service.client.acl_whoami() == "onspot"
    service.close()


def test_nonsense_ends_the_connection_only(server: RedisService, loop: ServiceLoop) -> None:
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    for data in (b"*1\r\n:1\r\n", b"*1\r\n$99999999999\r\n", b"x" * 200_000, b"*-1\r\n\r\n*2\r\n$1\r\na"):
        with socket.create_connection(address, timeout=10) as line, contextlib.suppress(OSError):
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            while line.recv(1000):
                pass
    assert server.open_connections == 0
    assert loop.faults == []
    with redis.Redis.from_url(server.url) as client:
        assert client.ping()


def test_large_values_pass(server: RedisService) -> None:
    value = os.urandom(4 << 20)
    with redis.Redis.from_url(server.url) as client:
        client.set("a", value)
        assert client.get("a") == value


def test_a_client_who_does_not_read_is_cut_or_waited_for(server: RedisService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MAX_UNSENT", 1 << 20)
    server.client.set("a", "x" * (1 << 20))
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as line:
        with contextlib.suppress(OSError):
            line.sendall(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n" * 64)
        assert server.client.ping()
    assert server.open_connections == 0


def test_connections_are_bounded(server: RedisService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_service, "MAX_CONNECTIONS", 1)
    with redis.Redis.from_url(server.url) as client:
        client.ping()
        with redis.Redis.from_url(server.url) as other, pytest.raises(redis.ConnectionError):
            other.ping()
        assert client.ping()
    assert server.connections == 1


def test_a_server_that_is_stuck_is_replaced(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_server, "RESET_PATIENCE", 0.05)
    server = serve()
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_connection(address) as line:
        line.sendall(b"EVAL while(true)do(redis.call)('incr','a')end 0\r\n")
        while not server.commands:
            pass
        time.sleep(0.2)
    server.close()
    assert serve().client.keys() == []


def test_a_server_that_dies_is_replaced(serve: Serve) -> None:
    server = serve()
    with redis.Redis.from_url(server.url) as client:
        client.set("a", 1)
        os.kill(server._server._process._server.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        while server._server.alive:
            pass
        with pytest.raises(redis.ConnectionError):
            client.get("a")
    server.close()
    assert serve().client.keys() == []


def test_a_fake_stands_in_for_a_missing_server(loop: ServiceLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    redis_servers.stop_all()
    monkeypatch.setattr(redis_servers, "find_server", lambda: None)
    service = RedisService("redis://127.0.0.1:1", loop, RealClock(), virtual=False)
    assert service.kind.startswith("fakeredis ")
    assert abs(service.client.time()[0] - time.time()) < 3600
    service.client.set("a", 1, px=1)
    while service.client.get("a") is not None:
        pass
    service.close()
    redis_servers.stop_all()


ORPHAN = """
import os, signal, sys
from grader.services.clock import RealClock
from grader.services.loop import ServiceLoop
from grader.services.redis import RedisService
service = RedisService("redis://127.0.0.1:1", ServiceLoop(), RealClock(), virtual=sys.argv[1] == "True")
service.client.ping()
process = service._server._process
print(process._server.pid, process.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_servers_die_with_us(virtual: bool) -> None:
    root = Path(__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", ORPHAN, str(virtual)], stdout=subprocess.PIPE, text=True, check=False, cwd=root
    )
    assert ended.returncode == -signal.SIGKILL
    number, folder = ended.stdout.split()
    while Path(folder).exists():
        time.sleep(0.01)
    while _is_running(int(number)):
        time.sleep(0.01)


def _is_running(number: int) -> bool:
    """Whether a process runs; a dead one that nobody has fetched does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], stdout=subprocess.PIPE, check=False)
    return state.stdout.strip() not in (b"", b"Z", b"Zs")
