"""The trusted side of virtual time: what it waits for before it moves, and what a cell cannot do to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from grader.services import Answer
from grader.services.http import Handler, HttpService
from grader.services.loop import ServiceLoop
from grader.services.virtual_clock import ClockLost, VirtualClock
from grader.suite import suite_loop
from tests.small_cell import SmallCell

DELAYS = (30.0, 7.0, 4.9)

CLIENTS = """
    import asyncio, time, urllib.request
    import httpx, httpx2
    async def asynchronously(http, url):
        pause = 1
        async with http.AsyncClient(timeout=5) as client:
            while True:
                try:
                    return (await client.get(url)).status_code
                except http.TimeoutException:
                    await asyncio.sleep(pause)
                    pause *= 2
    def synchronously(get, error):
        pause = 1
        while True:
            try:
                return get()
            except error:
                time.sleep(pause)
                pause *= 2
    def async_httpx(url): return asyncio.run(asynchronously(httpx, url))
    def async_httpx2(url): return asyncio.run(asynchronously(httpx2, url))
    def sync_httpx(url): return synchronously(lambda: httpx.get(url, timeout=5).status_code, httpx.TimeoutException)
    def urllib_(url): return synchronously(lambda: urllib.request.urlopen(url, timeout=5).status, TimeoutError)
    def one_after_another(url, number): return [urllib_(url) for _ in range(number)]
"""


@pytest.fixture(scope="module")
def loop() -> Iterator[ServiceLoop]:
    """One service loop for all tests, which must not have noticed a fault in the end."""
    loop = ServiceLoop()
    yield loop
    loop.close()
    assert loop.faults == []


@pytest.fixture
def clock(loop: ServiceLoop) -> Iterator[VirtualClock]:
    """A fresh clock, and no real second to wait for."""
    clock = VirtualClock(loop, patience=3.0)
    yield clock
    clock.close()


@pytest.fixture
def cell(clock: VirtualClock) -> Iterator[SmallCell]:
    """A fresh process on the clock."""
    with SmallCell(clock) as cell:
        yield cell


@pytest.fixture
def serve(loop: ServiceLoop, clock: VirtualClock) -> Iterator[Callable[[Handler], HttpService]]:
    """Makes HTTP back ends on the clock."""
    with contextlib.ExitStack() as stack:

        def serve(handler: Handler) -> HttpService:
            listener = socket.create_server(("127.0.0.1", 0))
            service = HttpService(f"http://127.0.0.1:{listener.getsockname()[1]}", handler, loop, clock)
            service.attach(listener)
            stack.callback(service.close)
            return service

        yield serve


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Another program that wants a processor for itself, on each processor."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    yield
    for burner in burners:
        burner.kill()
        burner.wait()


def work(seconds: float) -> None:
    """Keep the calling thread busy for some real time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


# -- services


@pytest.mark.parametrize("client", ["async_httpx", "async_httpx2", "sync_httpx", "urllib_"])
def test_delays_timeouts_and_back_off(cell: SmallCell, serve: Callable[[Handler], HttpService], client: str) -> None:
    """Delays of 30, 7 and 4.9 s, a timeout of 5 s and pauses of 1 and 2 s come to 17.9 s for every client."""
    service = serve(lambda request: Answer(delay=DELAYS[request.number]))
    cell.run(CLIENTS)
    assert cell.call(client, service.url) == 200
    assert cell.clock.elapsed == 17.9
    times = [(request.started, request.finished, request.aborted) for request in service.requests]
    assert times == [(0.0, 5.0, True), (6.0, 11.0, True), (13.0, 17.9, False)]


@pytest.mark.parametrize("client", ["async_httpx", "sync_httpx"])
def test_an_answer_on_its_way_is_not_overtaken(
    cell: SmallCell, serve: Callable[[Handler], HttpService], client: str
) -> None:
    """A back end that works for 60 ms of real time has taken no virtual time, whatever the client's timeout."""

    def slow(_request: object) -> Answer:
        time.sleep(0.06)
        return Answer()

    service = serve(slow)
    cell.run(CLIENTS)
    assert cell.call(client, service.url) == 200
    assert cell.clock.elapsed == 0.0


def test_the_same_figures_on_a_busy_machine(
    cell: SmallCell, serve: Callable[[Handler], HttpService], busy_machine: None
) -> None:
    """Fifty runs beside programs that use up the processors: each takes exactly 17.9 s."""
    service = serve(lambda request: Answer(delay=DELAYS[request.number % 3]))
    cell.run(CLIENTS)
    assert cell.call("one_after_another", service.url, 50) == [200] * 50
    begins = [request.started for request in service.requests if request.number % 3 == 0]
    assert begins == [round(17.9 * number, 1) for number in range(50)]
    assert cell.clock.elapsed == 895.0


def test_the_same_moment(cell: SmallCell, serve: Callable[[Handler], HttpService]) -> None:
    """A timeout and an answer at the same moment: the cell's own deadline comes first."""
    service = serve(lambda _request: Answer(delay=5.0))
    body = """
        import urllib.request
        def main(url):
            try:
                return urllib.request.urlopen(url, timeout=5).status
            except TimeoutError:
                return "timed out"
    """
    assert cell.run(body, "main", service.url) == "timed out"
    assert cell.clock.elapsed == 5.0


def test_answers_in_the_order_of_their_moments(
    cell: SmallCell, serve: Callable[[Handler], HttpService], busy_machine: None
) -> None:
    """Thirty requests at once come back in the order of their delays, each at its own time."""
    service = serve(lambda request: Answer(json=int(request.query["n"]), delay=30 - int(request.query["n"])))
    body = """
        import asyncio, httpx, time
        async def all_of(url):
            async def one(client, number):
                answer = (await client.get(f"{url}?n={number}")).json()
                return answer, time.monotonic() - 1000
            async with httpx.AsyncClient(timeout=None) as client:
                return [await done for done in asyncio.as_completed([one(client, n) for n in range(30)])]
        def main(url): return asyncio.run(all_of(url))
    """
    assert cell.run(body, "main", service.url) == [[number, 30.0 - number] for number in reversed(range(30))]
    assert service.peak == 30


# -- the suite


def test_no_jump_between_calls(cell: SmallCell) -> None:
    """While the suite is at work, a thread of the cell sleeps on; while it waits, time moves."""
    cell.run("""
        import threading, time
        woken = []
        def sleep(seconds):
            time.sleep(seconds)
            woken.append(time.monotonic() - 1000)
        def start(): threading.Thread(target=sleep, args=(1,), daemon=True).start()
        def read(): return woken
    """)
    cell.call("start")
    time.sleep(0.1)
    assert cell.call("read") == []
    assert cell.clock.elapsed == 0.0
    cell.call("sleep", 3)
    assert cell.call("read") == [1.0, 3.0]


def test_no_jump_past_an_answer(cell: SmallCell, busy_machine: None) -> None:
    """An answer that the suite has not read yet keeps a sleeper in the cell from being woken."""
    cell.run("""
        import threading, time
        def sweep():
            while True:
                time.sleep(60)
        def start(): threading.Thread(target=sweep, daemon=True).start()
        def quick(): return time.monotonic()
    """)
    cell.call("start")
    for _ in range(200):
        assert cell.call("quick") == 1000.0
    assert cell.clock.elapsed == 0.0


def test_not_auto(cell: SmallCell) -> None:
    """Without ``auto`` only the suite moves time."""
    cell.clock.auto = False
    cell.run("""
        import threading, time
        done = []
        def start():
            def work():
                time.sleep(5)
                done.append(time.monotonic())
            threading.Thread(target=work, daemon=True).start()
        def read(): return done
    """)
    cell.call("start")
    cell.clock.advance(4)
    assert cell.call("read") == []
    cell.clock.advance(1)
    assert cell.call("read") == [1005.0]
    assert cell.clock.elapsed == 5.0


def test_advance_lets_everything_happen(cell: SmallCell) -> None:
    """What is due during an advance happens at its own time, and before the advance returns."""
    cell.run("""
        import threading, time
        seen = []
        def sweep():
            while True:
                time.sleep(60)
                seen.append(time.monotonic() - 1000)
        def start(): threading.Thread(target=sweep, daemon=True).start()
        def read(): return seen
    """)
    cell.call("start")
    cell.clock.advance(0)
    cell.clock.advance(59.999999999)
    assert cell.call("read") == []
    cell.clock.advance(0.000000001)
    assert cell.call("read") == [60.0]
    cell.clock.advance(3600)
    assert cell.call("read") == [60.0 * number for number in range(1, 62)]
    with pytest.raises(ValueError, match="does not go back"):
        cell.clock.advance(-1)


def test_advance_of_a_cell_that_does_not_rest(loop: ServiceLoop) -> None:
    """A cell that computes without end is given up after the clock's patience, with a clear reason."""
    clock = VirtualClock(loop, patience=0.3)
    with SmallCell(clock) as cell:
        cell.run("""
            import threading
            def spin():
                while True: pass
            def start(): threading.Thread(target=spin, daemon=True).start()
        """)
        cell.call("start")
        with pytest.raises(ClockLost, match=r"the cell was still running 0\.3 s after its time was to move"):
            clock.advance(1)
    clock.close()


def test_without_a_cell(clock: VirtualClock) -> None:
    """Before there is a cell, time moves all the same."""
    clock.advance(2.5)
    clock.advance(0.1)
    assert clock.elapsed == 2.6


def test_a_second_cell_begins_now(clock: VirtualClock) -> None:
    """A restarted cell goes on at the clock's time."""
    with SmallCell(clock) as first:
        first.run("import time\ndef main(): time.sleep(7)", "main")
    with SmallCell(clock) as second:
        body = "import time\ndef main():\n time.sleep(1)\n return time.monotonic(), time.time()"
        assert second.run(body, "main") == [1008.0, 1_800_000_008.0]
    assert clock.elapsed == 8.0


def test_sleeps_of_an_asynchronous_check(cell: SmallCell) -> None:
    """The suite's own sleeps are deadlines like the cell's; while one of its tasks runs, time stands still."""
    cell.run("import time\ndef sleep(seconds):\n time.sleep(seconds)\n return time.monotonic() - 1000")
    clock = cell.clock
    seen: list[tuple[str, float]] = []

    async def sleeper(name: str, *lengths: float) -> None:
        for seconds in lengths:
            await clock.sleep(seconds)
            work(0.003)
            seen.append((name, clock.elapsed))

    async def check() -> None:
        await asyncio.gather(sleeper("a", 1, 1, 1), sleeper("b", 1.5, 2), sleeper("c", 0.5, 3.5))
        given_up = asyncio.create_task(clock.sleep(1))
        await clock.sleep(0)
        given_up.cancel()
        await clock.sleep(5)

    suite_loop.run(check, clock.waiting)
    assert seen == [("c", 0.5), ("a", 1.0), ("b", 1.5), ("a", 2.0), ("a", 3.0), ("b", 3.5), ("c", 4.0)]
    assert clock.elapsed == 9.0


# -- cells that lie


class FakeCell:
    """The cell's end of the line, in the hands of a test."""

    def __init__(self, clock: VirtualClock) -> None:
        ours, self.line = socket.socketpair()
        clock.attach(ours)
        assert self.read() == ["at", round(clock.elapsed * 1e12)]

    def read(self) -> list[object]:
        length = struct.unpack("<I", self.line.recv(4))[0]
        frame: list[object] = msgspec.msgpack.decode(self.line.recv(length))
        return frame

    def send(self, *frame: object) -> None:
        body = msgspec.msgpack.encode(frame)
        self.line.sendall(struct.pack("<I", len(body)) + body)


LIES: dict[str, bytes | tuple[object, ...]] = {
    "an answer to another question": ("moved", 1, None),
    "an answer to an old question": ("idle", 0, None),
    "an unknown word": ("hello", 1, None),
    "too few": ("idle", 1),
    "too many": ("idle", 1, None, None),
    "a text for a moment": ("idle", 1, "soon"),
    "a fraction": ("idle", 1, 1.5),
    "a list for a word": ([], 1, None),
    "no MessagePack": struct.pack("<I", 3) + b"\xc1\xc1\xc1",
    "deep nesting": struct.pack("<I", 60) + b"\x91" * 60,
    "a large frame": struct.pack("<I", 1 << 30) + b"x" * 100,
    "half a frame, then the end": struct.pack("<I", 20) + b"x",
}


@pytest.mark.parametrize("lie", LIES)
def test_nonsense_ends_the_clock(clock: VirtualClock, lie: str) -> None:
    """What makes no sense ends the clock with a reason, and raises nothing in the loop."""
    cell = FakeCell(clock)
    problem: list[ClockLost] = []

    def advance() -> None:
        try:
            clock.advance(1)
        except ClockLost as error:
            problem.append(error)

    thread = threading.Thread(target=advance)
    thread.start()
    assert cell.read() == ["watch", 1]
    said = LIES[lie]
    if isinstance(said, bytes):
        cell.line.sendall(said)
    else:
        cell.send(*said)
    if "the end" in lie:
        cell.line.close()
    thread.join()
    assert str(problem[0]) == clock.failure
    assert clock.failure.startswith(("the cell's clock spoke nonsense: ", "the cell has closed its end"))
    assert clock.elapsed == 0.0
    with pytest.raises(ClockLost):
        clock.advance(1)
    cell.line.close()


def test_words_that_nobody_asked_for(clock: VirtualClock) -> None:
    """A cell that talks unasked is cut off, be it ever so much."""
    cell = FakeCell(clock)
    with contextlib.suppress(OSError):
        for _ in range(100_000):
            cell.send("idle", 1, 10**12)
    with pytest.raises(ClockLost, match="which nobody asked"):
        clock.advance(1)
    cell.line.close()


def test_a_cell_that_lies_about_time_fools_itself(clock: VirtualClock) -> None:
    """A deadline in the past is served now; a move that the cell denies is asked again."""
    clock.advance(10)
    cell = FakeCell(clock)
    thread = threading.Thread(target=clock.advance, args=(1,))
    thread.start()
    assert cell.read() == ["watch", 1]
    cell.send("idle", 1, 5)
    assert cell.read() == ["move", 1, 10 * 10**12]
    cell.send("busy", 1, None)
    assert cell.read() == ["watch", 2]
    cell.send("idle", 2, None)
    assert cell.read() == ["move", 2, 11 * 10**12]
    cell.send("moved", 2, None)
    thread.join()
    assert clock.elapsed == 11.0
    cell.line.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_cell_that_dies_or_stops(loop: ServiceLoop, how: signal.Signals) -> None:
    """A dead cell ends the advance at once, a stopped one after the clock's patience."""
    clock = VirtualClock(loop, patience=0.3)
    with SmallCell(clock) as cell:
        cell.kill(how)
        with pytest.raises(ClockLost):
            clock.advance(1)
    clock.close()


def test_an_asynchronous_check_whose_cell_is_gone(cell: SmallCell) -> None:
    """The suite's sleeps end with the cell."""

    async def check() -> None:
        cell.kill()
        with pytest.raises(ClockLost, match="has closed its end"):
            await cell.clock.sleep(5)

    suite_loop.run(check, cell.clock.waiting)
