"""HTTP back ends: what they record, and how they misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.services import Answer, Hang, Reset, http
from grader.services.answers import Reaction, Request
from grader.services.clock import RealClock
from grader.services.http import Handler, HttpService
from grader.services.loop import ServiceLoop

Serve = Callable[[Handler], HttpService]


@pytest.fixture
def loop() -> Iterator[ServiceLoop]:
    loop = ServiceLoop()
    yield loop
    loop.close()
    assert loop.faults == []


@pytest.fixture
def serve(loop: ServiceLoop) -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(handler: Handler) -> HttpService:
            listener = socket.create_server(("127.0.0.1", 0))
            backend = HttpService(f"http://127.0.0.1:{listener.getsockname()[1]}", handler, loop, RealClock())
            stack.callback(backend.close)
            backend.attach(listener)
            return backend

        yield start


def say(backend: HttpService, data: bytes) -> bytes:
    """Everything the back end answers to ``data`` until it hangs up."""
    with dial(backend) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        return read_all(line)


def dial(backend: HttpService) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(backend.url.rpartition(":")[2])), timeout=10)


def read_all(line: socket.socket) -> bytes:
    pieces = []
    while piece := line.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def echo(request: Request) -> Answer:
    return Answer(json={"path": request.path, "query": request.query, "body": request.body.decode()})


def test_records_requests_in_the_order_of_their_arrival(serve: Serve) -> None:
    backend = serve(echo)
    with httpx.Client(base_url=backend.url) as client:
        got = client.get("/a%20b?x=1&y=&x=2", headers={"X-Name": "one"}).json()
        client.post("/c", json={"n": 1})
    assert got == {"path": "/a b", "query": {"x": "2", "y": ""}, "body": ""}
    first, second = backend.requests
    assert (first.number, first.method, first.path, first.target) == (0, "GET", "/a b", "/a%20b?x=1&y=&x=2")
    assert first.headers["x-name"] == "one"
    assert (second.number, second.method, second.json()) == (1, "POST", {"n": 1})
    assert first.finished is not None
    assert first.started <= first.finished <= second.started
    assert not first.aborted
    assert first.problem == ""


def test_a_mapping_answers_by_path(serve: Serve) -> None:
    backend = serve({"/a": Answer(json=[1]), "/b": Answer(201, body=b"made", headers={"X-A": "b"})})
    assert httpx.get(f"{backend.url}/a").json() == [1]
    made = httpx.get(f"{backend.url}/b")
    assert (made.status_code, made.reason_phrase, made.content) == (201, "Created", b"made")
    assert made.headers["x-a"] == "b"
    assert httpx.get(f"{backend.url}/c").status_code == 404


def test_a_handler_may_be_a_coroutine_function(serve: Serve) -> None:
    async def handler(request: Request) -> Reaction:
        await asyncio.sleep(0)
        return Answer(json=request.number)

    assert httpx.get(serve(handler).url).json() == 0


def test_counts_connections(serve: Serve) -> None:
    backend = serve(echo)
    with httpx.Client(base_url=backend.url) as client:
        client.get("/")
        client.get("/")
        assert (backend.connections, backend.open_connections) == (1, 1)
    assert (backend.connections, backend.open_connections) == (1, 0)
    httpx.get(backend.url)
    assert (backend.connections, backend.open_connections) == (2, 0)


def test_serves_several_listeners(serve: Serve) -> None:
    backend = serve(echo)
    second = socket.create_server(("127.0.0.1", 0))
    port = second.getsockname()[1]
    backend.attach(second)
    assert httpx.get(f"http://127.0.0.1:{port}/x").json()["path"] == "/x"
    assert httpx.get(f"{backend.url}/y").json()["path"] == "/y"
    assert [request.path for request in backend.requests] == ["/x", "/y"]


@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20])
def test_takes_bodies_of_either_framing(serve: Serve, size: int) -> None:
    backend = serve(lambda request: Answer(json=len(request.body)))
    assert httpx.post(backend.url, content=b"x" * size).json() == size
    assert httpx.post(backend.url, content=iter([b"x" * (size // 2), b"x" * (size - size // 2)])).json() == size


def test_refuses_larger_bodies(serve: Serve) -> None:
    backend = serve(echo)
    assert httpx.post(backend.url, content=b"x" * ((1 << 20) + 1)).status_code == 413
    assert backend.requests[0].problem == "the body is larger than 1 MiB"


def test_answers_who_waits_before_sending_a_body(serve: Serve) -> None:
    backend = serve(echo)
    with dial(backend) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"hi")
        assert b'"body": "hi"' in line.recv(1000)


def test_sends_no_body_where_there_must_be_none(serve: Serve) -> None:
    backend = serve({"/": Answer(body=b"four"), "/none": Answer(204, body=b"ignored")})
    with httpx.Client(base_url=backend.url) as client:
        head = client.head("/")
        assert (head.headers["content-length"], head.content) == ("4", b"")
        assert client.delete("/none").content == b""
        assert client.get("/").content == b"four"
        assert backend.connections == 1


def test_a_shorter_body_than_promised_is_a_truncated_answer(serve: Serve) -> None:
    backend = serve({"/": Answer(body=b"four", headers={"Content-Length": "10"})})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(backend.url)
    assert backend.fault is None


def test_a_reset_is_seen_as_one(serve: Serve) -> None:
    backend = serve({"/": Reset()})
    with dial(backend) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            line.recv(1000)
    assert backend.in_flight == 0
    assert not backend.requests[0].aborted


def test_notices_that_a_client_gives_up(serve: Serve) -> None:
    backend = serve({"/hang": Hang(), "/slow": Answer(delay=3600)})
    lines = [dial(backend), dial(backend)]
    lines[0].sendall(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
    lines[1].sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (backend.in_flight, backend.peak) == (2, 2)
    assert [request.finished for request in backend.requests] == [None, None]
    lines[0].close()
    assert backend.in_flight == 1
    lines[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    lines[1].close()
    assert (backend.in_flight, backend.peak, backend.open_connections) == (0, 2, 0)
    assert all(request.aborted and request.finished is not None for request in backend.requests)


def test_serves_asynchronous_clients_side_by_side(serve: Serve) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Reaction:
        if request.number == 9:
            gate.set()
        await gate.wait()
        return Answer(json=request.number)

    backend = serve(handler)

    async def ask() -> list[int]:
        async with httpx.AsyncClient(base_url=backend.url) as client:
            replies = await asyncio.gather(*(client.get("/") for _ in range(10)))
        return [reply.json() for reply in replies]

    assert sorted(asyncio.run(ask())) == list(range(10))
    assert (backend.peak, backend.in_flight, backend.connections) == (10, 0, 10)


def explode(_request: Request) -> Answer:
    raise LookupError("a bug of the author's")


@pytest.mark.parametrize(
    ("handler", "fault"),
    [
        (explode, "a bug of the author's"),
        (lambda _request: "ok", "returned 'ok'"),
        (lambda _request: Answer(headers={"a\r\nb": "c"}), "Illegal header name"),
        (lambda _request: Answer(status=99), "status_code"),
        (lambda _request: Answer(json=object()), "not JSON serializable"),
    ],
)
def test_a_fault_of_the_author_is_kept_apart(serve: Serve, handler: Handler, fault: str) -> None:
    backend = serve(handler)
    assert httpx.get(backend.url).status_code == 500
    assert fault in str(backend.fault)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),  # no Host
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_what_is_no_http_is_refused_and_recorded(serve: Serve, data: bytes, status: bytes) -> None:
    backend = serve(echo)
    assert say(backend, data).startswith(b"HTTP/1.1 " + status)
    (request,) = backend.requests
    assert request.problem
    assert request.finished is not None
    assert (backend.in_flight, backend.open_connections) == (0, 0)


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_can_harm_it(serve: Serve, loop: ServiceLoop, data: bytes) -> None:
    backend = serve(echo)
    say(backend, data)
    say(backend, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    assert (backend.in_flight, backend.open_connections, loop.faults) == (0, 0, [])
    assert httpx.get(backend.url).status_code == 200


def test_a_request_that_ends_early_is_aborted(serve: Serve) -> None:
    backend = serve(echo)
    assert say(backend, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc") == b""
    assert backend.requests[0].aborted
    assert backend.in_flight == 0


def test_a_client_may_not_talk_without_end_while_it_is_served(serve: Serve) -> None:
    backend = serve({"/": Hang()})
    with dial(backend) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert backend.in_flight == 1
        with pytest.raises(OSError, match=r"reset|pipe"):
            line.sendall(b"x" * 100_000_000)
    assert backend.requests[0].aborted


def test_connections_are_bounded(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_CONNECTIONS", 2)
    backend = serve(echo)
    with dial(backend), dial(backend):
        assert backend.open_connections == 2
        with dial(backend) as third, contextlib.suppress(ConnectionResetError):
            assert third.recv(10) == b""
    assert backend.connections == 2
    assert httpx.get(backend.url).status_code == 200


def test_what_is_kept_is_bounded(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_REQUESTS", 2)
    backend = serve(echo)
    with httpx.Client(base_url=backend.url) as client:
        assert [client.get("/").status_code for _ in range(4)] == [200, 200, 503, 503]
        monkeypatch.setattr(http, "MAX_REQUESTS", 100)
        monkeypatch.setattr(http, "MAX_KEPT_BYTES", 1000)
        assert client.post("/", content=b"x" * 2000).status_code == 503
    assert [request.number for request in backend.requests] == [0, 1, 2]
    assert "keep no more" in backend.requests[-1].problem


def test_closing_ends_everything_and_keeps_what_was_recorded(serve: Serve, loop: ServiceLoop) -> None:
    backend = serve({"/": Hang(), "/slow": Answer(delay=3600), "/a": Answer()})
    with dial(backend) as hanging, dial(backend) as slow, dial(backend) as idle:
        hanging.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert backend.in_flight == 2
        backend.close()
        backend.close()
        for line in (hanging, slow, idle):
            with contextlib.suppress(ConnectionResetError):
                assert line.recv(10) == b""
        with pytest.raises(OSError, match="refused"):
            dial(backend)
    loop.close()
    assert [request.path for request in backend.requests] == ["/", "/slow"]
    assert backend.in_flight == 0


def test_handlers_may_look_at_their_own_back_end(serve: Serve) -> None:
    seen = []

    def handler(_request: Request) -> Answer:
        seen.append((backend.in_flight, len(backend.requests), backend.open_connections))
        return Answer()

    backend = serve(handler)
    assert httpx.get(backend.url).status_code == 200
    assert seen == [(1, 1, 1)]
