"""Apps served in a cell: how they start and stop, and what a suite's clients make of every kind of answer."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.cell.budget import Patience
from grader.services.loop import ServiceLoop
from grader.services.virtual_clock import VirtualClock
from grader.suite import suite_loop
from grader.suite.serving import local
from grader.suite.traffic import Traffic
from grader.suite.web import Site, SiteError
from grader.suite.web_answers import Answer
from tests.cells import busy_budget
from tests.small_cell import SmallCell

TIMEOUT = 1.0


def begin(pid: int = 0) -> Patience:
    """The patience with one answer of the process with that number."""
    return Patience(TIMEOUT, busy_budget(TIMEOUT, pid))


APPS = """
import asyncio, contextlib, gzip, os, time
from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.websockets import WebSocketDisconnect
from grader.cell.inside import web

sites = []
log = []

def create_app(greeting="hello", *, ttl=60):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        sweeper = asyncio.create_task(sweep())
        yield
        sweeper.cancel()
        log.append("shut down")
    app = FastAPI(lifespan=lifespan)
    kept = {}
    async def sweep():
        while True:
            await asyncio.sleep(ttl)
            for key in [key for key, end in kept.items() if end <= time.monotonic()]:
                del kept[key]
            log.append(time.monotonic() - 1000)
    @app.get("/")
    def greet(): return {"greeting": greeting, "process": os.getpid()}
    @app.put("/items/{key}")
    async def put(key: str): kept[key] = time.monotonic() + ttl
    @app.get("/items")
    async def items(): return sorted(kept)
    @app.post("/echo")
    async def echo(request: Request):
        return Response(await request.body(), media_type=request.headers["content-type"])
    @app.get("/headers")
    async def headers(request: Request): return dict(request.headers)
    @app.get("/cookie")
    async def cookie(request: Request):
        response = PlainTextResponse(request.cookies.get("seen", "no"))
        response.set_cookie("seen", "yes")
        return response
    @app.get("/elsewhere")
    async def elsewhere(): return RedirectResponse("/there")
    @app.get("/sleep")
    async def sleep(seconds: float):
        log.append("sleep")
        await asyncio.sleep(seconds)
        return {"slept": seconds}
    @app.get("/block")
    def block(seconds: float):
        time.sleep(seconds)
        return {"slept": seconds}
    @app.get("/die")
    def die(): os._exit(3)
    @app.get("/garbage")
    async def garbage(): return PlainTextResponse("<html>\\x1b[2J")
    @app.get("/nan")
    async def nan(): return PlainTextResponse('{"x": NaN}')
    @app.get("/deep")
    async def deep(): return PlainTextResponse("[" * 100_000)
    @app.get("/large")
    async def large(): return Response(b"x" * 2_000_000)
    @app.get("/endless")
    async def endless():
        async def parts():
            while True:
                yield b"x" * 1000
        return StreamingResponse(parts())
    @app.get("/drip")
    async def drip():
        async def parts():
            while True:
                yield b"x"
                await asyncio.sleep(0.05)
        return StreamingResponse(parts())
    @app.get("/bomb")
    async def bomb(): return Response(gzip.compress(b"x" * 50_000_000), headers={"content-encoding": "gzip"})
    @app.get("/zipped")
    async def zipped(): return Response(gzip.compress(b"zipped"), headers={"content-encoding": "gzip"})
    @app.get("/not_zipped")
    async def not_zipped(): return Response(b"plain", headers={"content-encoding": "gzip"})
    @app.websocket("/echo")
    async def echo_socket(websocket: WebSocket):
        await websocket.accept(subprotocol=(websocket.scope["subprotocols"] or [None])[0])
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    log.append(f"left with {message['code']}")
                    return
                if message.get("text") == "close":
                    await websocket.close(4001, "as you wish")
                    return
                if message.get("text") == "wait":
                    await asyncio.sleep(30)
                if message.get("text") is not None:
                    await websocket.send_text(message["text"])
                else:
                    await websocket.send_bytes(message["bytes"])
        except WebSocketDisconnect:
            pass
    @app.websocket("/refuse")
    async def refuse(websocket: WebSocket): await websocket.close()
    @app.websocket("/silent")
    async def silent(websocket: WebSocket):
        await websocket.accept()
        await asyncio.sleep(3600)
    return app

def fails_to_start():
    @contextlib.asynccontextmanager
    async def lifespan(app):
        raise LookupError("no database")
        yield
    return FastAPI(lifespan=lifespan)

def fails_to_stop():
    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield
        raise LookupError("no database any more")
    return FastAPI(lifespan=lifespan)

def fails_at_once(): raise ValueError("no app today")
def no_app(): return 42

def refuses_lifespan():
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"bare"})
    return app

def raises_after_its_answer():
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"oops"})
        raise LookupError("for whoever reads the log")
    return app

def answers_startup_failed():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})
    return app

def serve(name, number=0, *args, **kwargs):
    sites.append(web.serve(globals()[name], listeners[number], list(args), kwargs))
    return len(sites) - 1
def serve_forked(name, numbers, *args):
    sites.append(web.serve_forked(globals()[name], [listeners[number] for number in numbers], list(args), {}))
    return len(sites) - 1
def stop(number, child=None):
    (sites[number] if child is None else sites[number][child]).stop()
def fails(function, *args):
    try:
        function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
def read_log(): return log
"""


def keeping(lines: list[str]) -> Callable[[str], Callable[[str], None]]:
    """Keeps each text, or what is put in its place."""

    def line(text: str) -> Callable[[str], None]:
        place = len(lines)
        lines.append(text)

        def replace(whole: str) -> None:
            lines[place] = whole

        return replace

    return line


class Served:
    """A small cell with apps, and the suite's side of each."""

    def __init__(self, cell: SmallCell, paths: list[Path], clock: VirtualClock | None) -> None:
        self.cell = cell
        self.lines: list[str] = []
        self._paths = paths
        self._clock = clock
        self._made: list[Site] = []
        cell.run(APPS)

    def site(self, number: int = 0, stop: Callable[[], object] = lambda: None) -> Site:
        """The suite's side of what is served on one of the sockets."""
        nothing = contextlib.nullcontext()
        waiting = self._clock.waiting if self._clock is not None else lambda _descriptor: nothing
        traffic = Traffic(keeping(self.lines), local(number))
        site = Site(str(self._paths[number]), traffic, stop, lambda: begin(self.cell.pid), waiting)
        self._made.append(site)
        return site

    def serve(self, name: str = "create_app", number: int = 0) -> Site:
        """Serve one app."""
        site = self.cell.call("serve", name, number)
        return self.site(number, lambda: self.cell.call("stop", site))

    def close(self) -> None:
        for site in self._made:
            site.close()


@contextlib.contextmanager
def started(folder: Path, clock: VirtualClock | None) -> Iterator[Served]:
    """A small cell that can serve on two Unix sockets."""
    paths = [folder / "0", folder / "1"]
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in paths]
        for listener, path in zip(listeners, paths, strict=True):
            listener.bind(str(path))
            listener.listen()
        cell = stack.enter_context(SmallCell(clock, listeners=listeners))
        for listener in listeners:
            listener.close()
        served = Served(cell, paths, clock)
        stack.callback(served.close)
        yield served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A small cell in real time."""
    with started(tmp_path, None) as served:
        yield served


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[Served]:
    """A small cell in virtual time."""
    loop = ServiceLoop()
    clock = VirtualClock(loop)
    with started(tmp_path, clock) as served:
        yield served
    clock.close()
    loop.close()
    assert loop.faults == []


# -- starting and stopping


def test_serves_and_stops(served: Served) -> None:
    """An app answers until it is stopped, and its shutdown has run by then."""
    site = served.serve()
    assert site.client.get("/").json()["greeting"] == "hello"
    site.stop()
    assert served.cell.call("read_log") == ["shut down"]
    with pytest.raises(SiteError, match="the site was stopped"):
        site.client.get("/")
    with pytest.raises(SiteError, match="the app accepts no connections"):
        served.site().client.get("/")


def test_a_request_in_hand_is_answered(served: Served) -> None:
    """A graceful stop waits for requests in hand, and closes the connections that have none."""
    site = served.serve()
    site.client.get("/")
    client = served.site().client
    answered: list[int] = []
    thread = threading.Thread(target=lambda: answered.append(client.get("/sleep?seconds=0.5").status_code))
    thread.start()
    while served.cell.run("def main(): return 'sleep' in log", "main") is False:
        pass
    site.stop()
    thread.join()
    assert answered == [200]


def test_two_sites(served: Served) -> None:
    """Two apps of one process do not know each other."""
    first, second = served.serve(), served.serve(number=1)
    first.client.put("/items/a")
    assert (first.client.get("/items").json(), second.client.get("/items").json()) == (["a"], [])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fails_to_start", "LookupError: no database"),
        ("fails_at_once", "ValueError: no app today"),
        ("no_app", "TypeError: the factory returned 'int', which is not an ASGI app"),
        ("answers_startup_failed", "RuntimeError: the app answered lifespan.startup with lifespan.startup.failed"),
    ],
)
def test_apps_that_do_not_start(served: Served, name: str, error: str) -> None:
    """What goes wrong at the start is raised where the app was to be served."""
    assert served.cell.run(f"def main(): return fails(serve, {name!r})", "main") == error


def test_an_app_that_fails_to_stop(served: Served) -> None:
    """What goes wrong at the end is raised where the app was stopped."""
    served.serve("fails_to_stop")
    error = served.cell.run("def main(): return fails(stop, 0)", "main")
    assert error == "LookupError: no database any more"


def test_an_app_without_lifespan(served: Served) -> None:
    """An app that refuses the lifespan protocol is served without."""
    site = served.serve("refuses_lifespan")
    assert site.client.get("/").text == "bare"
    site.stop()


def test_an_error_after_the_answer(served: Served, tmp_path: Path) -> None:
    """An app that raises after its whole answer, as Starlette does after a 500, keeps its connection."""
    served.serve("raises_after_its_answer")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(str(tmp_path / "0"))
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: onspot.test\r\n\r\n")
            answer = b""
            while not answer.endswith(b"oops"):
                part = connection.recv(4096)
                assert part, "the connection was cut"
                answer += part


def test_forked_processes(served: Served) -> None:
    """Each process makes its own app, and is gone when it was stopped."""
    served.cell.call("serve_forked", "create_app", [0, 1])
    first, second = served.site(0), served.site(1)
    processes = {site.client.get("/").json()["process"] for site in (first, second)}
    assert len(processes) == 2
    assert served.cell.pid not in processes
    first.client.put("/items/a")
    assert second.client.get("/items").json() == []
    served.cell.call("stop", 0, 1)
    with pytest.raises(SiteError, match="the app accepts no connections"):
        served.site(1).client.get("/")
    assert first.client.get("/").status_code == 200
    served.cell.call("stop", 0)
    for process in processes:
        assert not Path(f"/proc/{process}").exists()


@pytest.mark.parametrize("name", ["fails_to_start", "fails_at_once"])
def test_forked_processes_that_do_not_start(served: Served, name: str) -> None:
    """The traceback of a child is part of the error, and no child is left."""
    error = served.cell.run(f"def main(): return fails(serve_forked, {name!r}, [0, 1])", "main")
    assert error.startswith("RuntimeError: process 0 did not start:\nTraceback")
    assert "no database" in error or "no app today" in error
    assert served.cell.run("def main(): return fails(os.wait)", "main").startswith("ChildProcessError")


# -- what a client sees


def test_ordinary_use(served: Served) -> None:
    """The client is httpx's own: parameters, JSON, cookies, no redirects followed, and a read answer."""
    client = served.serve().client
    answer = client.post("/echo", json={"a": [1, "ä"]})
    assert (answer.status_code, answer.json()) == (200, {"a": [1, "ä"]})
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, answer.content)
    assert answer.headers["Content-Type"] == "application/json"
    assert client.get("/items/nothing").json() == {"detail": "Method Not Allowed"}
    assert (client.get("/cookie").text, client.get("/cookie").text) == ("no", "yes")
    assert client.get("/elsewhere").headers["location"] == "/there"
    assert client.get("/headers", headers={"Host": "other.test"}).json()["host"] == "other.test"
    assert client.get("/headers").json()["host"] == "onspot.test"
    zipped = client.get("/zipped")
    assert (zipped.text, zipped.headers["content-encoding"]) == ("zipped", "gzip")


def test_the_environment_has_no_say(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine is not used."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    site = served.serve()
    assert site.client.get("/").status_code == 200

    async def check() -> int:
        async with site.async_client() as client:
            return (await client.get("/")).status_code

    assert asyncio.run(check()) == 200


BAD_ANSWERS = {
    "/block?seconds=3": "GET /block?seconds=3: no answer within 1 s",
    "/drip": "GET /drip: no answer within 1 s",
    "/die": "GET /die: the app closed the connection without a whole answer",
    "/large": "GET /large: the body is larger than 1,048,576 bytes",
    "/endless": "GET /endless: the body is larger than 1,048,576 bytes",
    "/bomb": "GET /bomb: the body is larger than 1,048,576 bytes",
    "/not_zipped": "GET /not_zipped: the body is not gzip, as its header says",
}


@pytest.mark.parametrize("path", BAD_ANSWERS)
def test_bad_answers(served: Served, path: str) -> None:
    """An app that does not answer properly fails the check with words that say how, async as well as sync."""
    site = served.serve()
    with pytest.raises(SiteError) as caught:
        site.client.get(path)
    assert str(caught.value) == BAD_ANSWERS[path]
    address = shlex.quote(f"http://localhost:8000{path}")
    assert served.lines == [f"curl -i {address}\n# -> {BAD_ANSWERS[path].partition(': ')[2]}"]


@pytest.mark.parametrize("path", [path for path in BAD_ANSWERS if path != "/die"])
def test_bad_answers_to_async_clients(served: Served, path: str) -> None:
    """The same for the asynchronous client."""
    site = served.serve()

    async def check() -> None:
        async with site.async_client() as client:
            await client.get(path)

    with pytest.raises(SiteError) as caught:
        asyncio.run(check())
    assert str(caught.value) == BAD_ANSWERS[path]


@pytest.mark.parametrize("path", ["/garbage", "/nan", "/deep"])
def test_garbage_is_not_json(served: Served, path: str) -> None:
    """A body that is not JSON fails the check when it is read as JSON."""
    answer = served.serve().client.get(path)
    with pytest.raises(AssertionError, match=r"^the body is not JSON: "):
        answer.json()


RAW = {
    b"": "the app closed the connection without a whole answer",
    b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort": "the app closed the connection without a whole answer",
    b"\x00\x01\x02 nonsense\r\n\r\n": "the app's answer is not HTTP: ",
    b"HTTP/1.1 200 OK\r\n" + b"x-long: " + b"x" * 200_000 + b"\r\n\r\n": "the app's answer is not HTTP: ",
}


@pytest.mark.parametrize("said", RAW, ids=lambda said: repr(said[:20]))
def test_answers_that_are_not_http(tmp_path: Path, said: bytes) -> None:
    """Whatever comes from the socket, the suite has a plain failure."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "0"))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        lines: list[str] = []
        nothing = contextlib.nullcontext()
        site = Site(
            str(tmp_path / "0"), Traffic(keeping(lines), local(0)), lambda: None, begin, lambda _descriptor: nothing
        )
        with pytest.raises(SiteError, match=f"^GET /: {RAW[said]}"):
            site.client.get("/")
        thread.join()
        site.close()
    assert len(lines) == 1


# -- WebSockets


def test_websockets(served: Served) -> None:
    """Messages of both kinds, a subprotocol, a close from either side."""
    site = served.serve()
    with site.websocket("/echo?room=1", headers={"X-Name": "ada"}, subprotocols=["chat.v2", "chat.v1"]) as chat:
        assert chat.subprotocol == "chat.v2"
        chat.send("hi")
        assert chat.recv() == "hi"
        chat.send(b"\x00\xff")
        assert chat.recv() == b"\x00\xff"
        chat.send_json({"n": 1})
        assert chat.recv_json() == {"n": 1}
        chat.send("x" * 100_000)
        assert chat.recv() == "x" * 100_000
    assert chat.close_code == 1000
    other = site.websocket("/echo")
    other.send("close")
    assert other.recv_close() == 4001
    with pytest.raises(SiteError, match=r"the connection was closed with code 4001 \(as you wish\)"):
        other.recv()
    with pytest.raises(SiteError, match="closed with code 4001"):
        other.send("too late")
    site.stop()
    assert served.cell.call("read_log") == ["left with 1000", "shut down"]
    assert served.lines[:6] == [
        "websocat -H 'X-Name: ada' 'ws://localhost:8000/echo?room=1'",
        "# > hi",
        "# < hi",
        "# > (2 bytes)",
        "# < (2 bytes)",
        '# > {"n": 1}',
    ]
    assert all(len(line) < 250 for line in served.lines)


def test_websockets_that_fail(served: Served) -> None:
    """A refusal, silence, a message in place of a close, no JSON, a broken connection: each says what
    happened.
    """
    site = served.serve()
    with pytest.raises(SiteError, match="WebSocket /refuse: the app answered 403 instead of accepting") as caught:
        site.websocket("/refuse")
    assert caught.value.status == 403
    with site.websocket("/silent") as silent, pytest.raises(SiteError, match="nothing came within 1 s"):
        silent.recv()
    with site.websocket("/echo") as chat:
        chat.send("hi")
        with pytest.raises(SiteError, match="the app sent 'hi' instead of closing the connection"):
            chat.recv_close()
        with pytest.raises(SiteError, match="the message is not JSON: 'hi'"):
            chat.recv_json()
        served.cell.kill()
        with pytest.raises(SiteError, match="the app broke the connection"):
            chat.recv()
    with pytest.raises(SiteError, match=r"the app (accepts no connections|closed the connection)"):
        site.websocket("/echo")


# -- the transcript


def test_what_is_recorded(served: Served) -> None:
    """Every exchange is a command that can be tried against a local server, with what came."""
    client = served.serve().client
    client.get("/items", params={"q": "a b"})
    client.post("/echo", content="a b", headers={"X-Key": "k", "Content-Type": "text/plain"})
    client.put("/items/a", content=b"\xff\xfe")
    client.get("/elsewhere")
    client.get("/garbage")
    client.post("/echo", content=b"y" * 5000, headers={"content-type": "text/plain"})
    assert served.lines[:5] == [
        "curl -i 'http://localhost:8000/items?q=a+b'\n# -> 200 []",
        """curl -i -H 'x-key: k' -H 'content-type: text/plain' --data-raw 'a b' http://localhost:8000/echo
# -> 200 a b""",
        "curl -i -X PUT --data-raw '(2 bytes)' http://localhost:8000/items/a\n# -> 200 null",
        "curl -i http://localhost:8000/elsewhere\n# -> 307 location: /there",
        "curl -i http://localhost:8000/garbage\n# -> 200 <html>\\x1b[2J",
    ]
    assert len(served.lines[5]) < 1000


# -- virtual time


def test_time_to_live_and_sweeper(virtual: Served) -> None:
    """An app's periodic task runs at each of its moments, and stands still while the suite only asks."""
    site = virtual.serve()
    clock = virtual.cell.clock
    site.client.put("/items/a")
    clock.advance(59)
    for _ in range(50):
        assert site.client.get("/items").json() == ["a"]
    clock.advance(1)
    assert site.client.get("/items").json() == []
    clock.advance(540)
    assert virtual.cell.call("read_log") == [60.0 * number for number in range(1, 11)]
    assert clock.elapsed == 600.0


def test_slow_answers_in_virtual_time(virtual: Served) -> None:
    """An hour of sleep in a handler, in a coroutine or in a thread, is over at once, and exact."""
    site = virtual.serve()
    assert site.client.get("/sleep", params={"seconds": 3600}).json() == {"slept": 3600.0}
    assert site.client.get("/block", params={"seconds": 1.5}).json() == {"slept": 1.5}
    assert virtual.cell.clock.elapsed == 3601.5
    with site.websocket("/echo") as chat:
        chat.send("wait")
        assert chat.recv() == "wait"
    assert virtual.cell.clock.elapsed == 3631.5


def test_many_requests_at_once_in_virtual_time(virtual: Served) -> None:
    """Twenty requests at once take as long as the slowest, in every run."""
    site, clock = virtual.serve(), virtual.cell.clock

    async def check() -> list[float]:
        async with site.async_client() as client:
            began = clock.elapsed
            answers = [client.get("/sleep", params={"seconds": seconds}) for seconds in range(1, 21)]
            answered = [(await done).json()["slept"] for done in asyncio.as_completed(answers)]
            assert clock.elapsed - began == 20.0
            return answered

    for _ in range(5):
        assert suite_loop.run(check, clock.waiting) == [float(seconds) for seconds in range(1, 21)]


def test_stopping_in_virtual_time(virtual: Served) -> None:
    """Stopping takes no real time; a connection that lives on does not matter."""
    site = virtual.serve()
    site.client.get("/")
    site.websocket("/silent")
    site.stop()
    assert virtual.cell.clock.elapsed < 5.0
    assert virtual.cell.call("read_log") == ["shut down"]
