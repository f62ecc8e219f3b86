"""Services on virtual time: their delays are exact, and they hold time neither too short nor too long."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from grader.services import Answer, Hang
from grader.services.http import HttpService
from grader.services.loop import ServiceLoop
from grader.services.redis import RedisService
from grader.services.virtual_clock import VirtualClock
from tests.stepped_clock import SteppedClock

GET = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def loop() -> Iterator[ServiceLoop]:
    loop = ServiceLoop()
    yield loop
    loop.close()
    assert loop.faults == []


@pytest.fixture
def clock(loop: ServiceLoop) -> Iterator[SteppedClock]:
    clock = SteppedClock(loop)
    yield clock
    clock.rest()
    assert not clock.broken


@pytest.fixture
def backend(loop: ServiceLoop, clock: SteppedClock) -> Iterator[HttpService]:
    answers: dict[str, Answer | Hang] = {
        "/": Answer(body=b"now"),
        "/1": Answer(delay=1.0),
        "/2.5": Answer(delay=2.5),
        "/hang": Hang(),
        "/large": Answer(body=b"x" * (64 << 20)),
    }
    listener = socket.create_server(("127.0.0.1", 0))
    backend = HttpService(f"http://127.0.0.1:{listener.getsockname()[1]}", answers, loop, clock)
    backend.attach(listener)
    yield backend
    backend.close()


@pytest.fixture
def server(loop: ServiceLoop, clock: SteppedClock) -> Iterator[RedisService]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = RedisService(f"redis://127.0.0.1:{listener.getsockname()[1]}", loop, clock, virtual=True)
    server.attach(listener)
    yield server
    server.close()


@pytest.fixture
def client(server: RedisService) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        yield client


def dial(service: HttpService) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=10)


class Later:
    """``work()`` in a thread of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._result: list[Any] = []
        self._thread = threading.Thread(target=lambda: self._result.append(work()))
        self._thread.start()

    def result(self) -> Any:
        self._thread.join(10)
        return self._result[0]


def test_delays_are_virtual_and_exact(backend: HttpService, clock: SteppedClock) -> None:
    with dial(backend) as first, dial(backend) as second:
        second.sendall(GET % b"/2.5")
        first.sendall(GET % b"/1")
        assert backend.in_flight == 2
        assert clock.step() == 1.0
        assert first.recv(1000).startswith(b"HTTP/1.1 200")
        assert backend.in_flight == 1
        assert clock.step() == 2.5
        assert second.recv(1000).startswith(b"HTTP/1.1 200")
    times = {request.path: (request.started, request.finished) for request in backend.requests}
    assert times == {"/1": (0.0, 1.0), "/2.5": (0.0, 2.5)}


def test_time_is_free_while_nothing_is_to_be_done(backend: HttpService, clock: SteppedClock) -> None:
    with dial(backend) as idle, dial(backend) as kept, dial(backend) as hanging, dial(backend) as half:
        kept.sendall(GET % b"/")
        kept.recv(1000)
        hanging.sendall(GET % b"/hang")
        half.sendall(b"GET / HTTP/1.1\r\nHo")
        assert backend.open_connections == 4
        clock.rest()
        half.sendall(b"st: a\r\n\r\n")
        assert half.recv(1000).endswith(b"now")
        hanging.sendall(GET % b"/")  # is not read before the first has its answer, which is never
        clock.rest()
        idle.close()
        assert backend.open_connections == 3


def test_a_client_who_leaves_gives_time_back(backend: HttpService, clock: SteppedClock) -> None:
    with dial(backend) as line:
        line.sendall(GET % b"/1")
        assert backend.in_flight == 1
        clock.rest()
    assert backend.requests[0].aborted
    assert backend.requests[0].finished == 0.0
    clock.rest()
    with dial(backend) as line:
        line.sendall(GET % b"/1")
        assert clock.step() == 1.0


def test_a_client_who_does_not_read_gives_time_back(backend: HttpService, clock: SteppedClock) -> None:
    with dial(backend) as line:
        line.sendall(GET % b"/large")
        assert backend.in_flight == 1
        clock.rest()
        assert backend.in_flight == 1
        size = 0
        while size < 64 << 20:
            size += len(line.recv(1 << 20))
        assert backend.in_flight == 0


def test_a_service_that_is_closed_gives_time_back(backend: HttpService, clock: SteppedClock) -> None:
    with dial(backend) as line:
        line.sendall(GET % b"/1" + GET % b"/1")
        assert backend.in_flight == 1
        backend.close()
        assert clock.holds == 0


def test_keys_expire_in_virtual_time(client: redis.Redis, clock: SteppedClock) -> None:
    client.set("a", 1, ex=10)
    client.hset("h", "f", "1")
    client.hexpire("h", 20, "f")
    clock.move_to(9.999)
    assert (client.get("a"), client.pttl("a")) == ("1", 1)
    clock.move_to(10.001)
    assert client.get("a") is None
    assert client.hget("h", "f") == "1"
    clock.move_to(20.001)
    assert client.hget("h", "f") is None
    assert client.time() == (1_800_000_020, 1000)
    assert client.eval("return redis.call('TIME')[1]", 0) == "1800000020"


def test_a_blocking_command_waits_in_virtual_time(
    client: redis.Redis, server: RedisService, clock: SteppedClock
) -> None:
    waiting = Later(lambda: client.blpop(["q"], timeout=5))
    assert clock.step() == 5.0
    assert waiting.result() is None
    waiting = Later(lambda: client.xread({"s": "$"}, block=2500))
    assert clock.step() == 7.5
    assert not waiting.result()
    waiting = Later(lambda: client.brpop(["q"], timeout=60))
    while not server.commands or server.commands[-1][0] != "BRPOP":
        clock.rest()
    assert server.client.rpush("q", "v") == 1
    assert waiting.result() == ("q", "v")
    assert clock.now() == 7.5


def test_earlier_deadlines_replace_later_ones(client: redis.Redis, server: RedisService, clock: SteppedClock) -> None:
    with redis.Redis.from_url(server.url) as second:
        late = Later(lambda: client.blpop(["a"], timeout=9))
        while not server.commands:
            clock.rest()
        early = Later(lambda: second.blpop(["b"], timeout=3))
        while len(server.commands) < 2:
            clock.rest()
        assert clock.step() == 3.0
        assert early.result() is None
        assert clock.step() == 9.0
        assert late.result() is None


def test_subscribers_do_not_stop_time(client: redis.Redis, server: RedisService, clock: SteppedClock) -> None:
    with client.pubsub() as listener:  # type: ignore[no-untyped-call]
        listener.subscribe("news")
        assert listener.get_message(timeout=10)["type"] == "subscribe"
        clock.rest()
        assert client.publish("news", "hi") == 1
        assert listener.get_message(timeout=10)["data"] == "hi"
        assert server.client.publish("news", "again") == 1
        assert listener.get_message(timeout=10)["data"] == "again"
        clock.rest()


def test_a_pipeline_is_delayed_once(client: redis.Redis, server: RedisService, clock: SteppedClock) -> None:
    client.ping()
    server.delay = 0.1

    def use() -> list[Any]:
        with client.pipeline(transaction=False) as pipeline:
            for number in range(1000):
                pipeline.set(f"key {number}", "x" * 200)
            return pipeline.execute()

    answers = Later(use)
    while len(server.commands) < 1001:
        clock.rest()
    assert clock.step() == 0.1
    assert answers.result() == [True] * 1000
    answer = Later(lambda: client.get("key 999"))
    assert clock.step() == 0.2
    assert answer.result() == "x" * 200
    assert server.client.get("key 1") == "x" * 200  # the suite's own client is not delayed


def test_stopping_forgets_what_is_on_the_wire(client: redis.Redis, server: RedisService, clock: SteppedClock) -> None:
    client.ping()
    server.delay = 1.0

    def use() -> str:
        try:
            client.set("a", 1)
        except redis.ConnectionError:
            return "cut"
        return "answered"

    said = Later(use)
    while len(server.commands) < 2:
        clock.rest()
    server.stop()
    assert said.result() == "cut"
    clock.rest()
    assert server.client.get("a") is None
    server.delay = 0.0
    server.start()
    assert client.set("a", 2)


def test_every_service_begins_at_the_beginning(loop: ServiceLoop) -> None:
    for _ in range(2):
        clock = SteppedClock(loop)
        service = RedisService("redis://127.0.0.1:1", loop, clock, virtual=True)
        assert service.kind.startswith("fakeredis ")
        assert service.client.time()[0] == 1_800_000_000
        assert service.client.keys() == []
        service.client.set("a", 1, ex=5)
        clock.move_to(4.0)
        assert service.client.ttl("a") == 1
        service.close()
        service.close()
        clock.rest()


def test_a_service_can_end_while_a_client_is_blocked(
    client: redis.Redis, server: RedisService, clock: SteppedClock
) -> None:
    def use() -> None:
        with contextlib.suppress(redis.ConnectionError):
            client.blpop(["q"], timeout=5)

    waiting = Later(use)
    while not server.commands:
        clock.rest()
    server.close()
    assert waiting.result() is None
    assert clock.holds == 0


def test_the_same_on_a_virtual_clock(loop: ServiceLoop) -> None:
    clock = VirtualClock(loop)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [listener.getsockname()[1] for listener in listeners]
    backend = HttpService(f"http://127.0.0.1:{ports[0]}", {"/": Answer(delay=2.5)}, loop, clock)
    server = RedisService(f"redis://127.0.0.1:{ports[1]}", loop, clock, virtual=True)
    backend.attach(listeners[0])
    server.attach(listeners[1])
    with redis.Redis.from_url(server.url, decode_responses=True) as client, dial(backend) as line:
        client.set("a", 1, ex=10)
        waiting = Later(lambda: client.blpop(["q"], timeout=5))
        line.sendall(GET % b"/")
        while not (backend.in_flight and len(server.commands) == 2):
            pass
        clock.advance(4.0)
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        assert (backend.requests[0].started, backend.requests[0].finished) == (0.0, 2.5)
        clock.advance(1.0)
        assert waiting.result() is None
        assert (client.ttl("a"), client.time()) == (5, (1_800_000_005, 0))
        clock.advance(5.001)
        assert client.get("a") is None
    server.close()
    backend.close()
    clock.close()
