"""Virtual time inside a cell: what moves, who waits, and that waits end at their moment."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from grader.services.loop import ServiceLoop
from grader.services.virtual_clock import VirtualClock
from tests.small_cell import SmallCell

#: Real seconds that no wait of virtual time comes near.
SOON = 5.0


@pytest.fixture(scope="module")
def loop() -> Iterator[ServiceLoop]:
    """One service loop for all tests, which must not have noticed a fault in the end."""
    loop = ServiceLoop()
    yield loop
    loop.close()
    assert loop.faults == []


@pytest.fixture
def cell(loop: ServiceLoop) -> Iterator[SmallCell]:
    """A fresh process on a fresh virtual clock."""
    clock = VirtualClock(loop)
    with SmallCell(clock) as cell:
        yield cell
    clock.close()


def passes(cell: SmallCell, body: str, seconds: float) -> object:
    """What the function ``main`` of ``body`` returns, after exactly ``seconds`` of virtual time."""
    began = time.monotonic()
    answer = cell.run(body, "main")
    assert cell.clock.elapsed == seconds
    assert time.monotonic() - began < SOON
    return answer


SLEEPS = {
    "a day of asyncio.sleep": ("import asyncio\ndef main(): asyncio.run(asyncio.sleep(86400))", 86400.0),
    "a month of asyncio.sleep": ("import asyncio\ndef main(): asyncio.run(asyncio.sleep(2678400))", 2678400.0),
    "time.sleep": ("import time\ndef main(): time.sleep(600)", 600.0),
    "sleep imported by name": ("from time import sleep\ndef main(): sleep(0.25)", 0.25),
    "back-off of 1 + 2 + ... + 512": (
        "import time\ndef main():\n for power in range(10): time.sleep(2**power)",
        1023.0,
    ),
    "tenths add up": ("import time\ndef main():\n for _ in range(300): time.sleep(0.1)", 30.0),
    "sleeping until a deadline": (
        """
        import time
        def main():
            deadline = time.monotonic()
            for step in (0.1, 0.2, 4.9, 1e-6, 0.7):
                deadline += step
                while deadline - time.monotonic() > 0:
                    time.sleep(deadline - time.monotonic())
        """,
        5.900001,
    ),
    "no time at all": ("import time\ndef main(): time.sleep(0)", 0.0),
    "wait_for": (
        """
        import asyncio
        async def wait():
            try:
                await asyncio.wait_for(asyncio.Event().wait(), 3600)
            except TimeoutError:
                pass
        def main(): asyncio.run(wait())
        """,
        3600.0,
    ),
    "a thousand seconds one by one": (
        """
        import asyncio
        async def count():
            for _ in range(1000):
                await asyncio.sleep(1)
        def main(): asyncio.run(count())
        """,
        1000.0,
    ),
    "a pool of threads sleeps side by side": (
        """
        import time
        from concurrent.futures import ThreadPoolExecutor
        def main():
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(time.sleep, [3] * 16))
        """,
        6.0,
    ),
    "threads of different length": (
        """
        import threading, time
        def main():
            threads = [threading.Thread(target=time.sleep, args=(seconds,)) for seconds in (5, 1, 3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        """,
        5.0,
    ),
    "two event loops": (
        """
        import asyncio, threading
        def main():
            other = threading.Thread(target=lambda: asyncio.run(asyncio.sleep(7)))
            other.start()
            asyncio.run(asyncio.sleep(2))
            other.join()
        """,
        7.0,
    ),
    "asyncio.to_thread": (
        """
        import asyncio, time
        async def both(): await asyncio.gather(asyncio.to_thread(time.sleep, 4), asyncio.sleep(3))
        def main(): asyncio.run(both())
        """,
        4.0,
    ),
}


@pytest.mark.parametrize("case", SLEEPS)
def test_sleeping_takes_no_real_time(cell: SmallCell, case: str) -> None:
    """However long a program sleeps, it is over at once, and the sum is exact."""
    body, seconds = SLEEPS[case]
    passes(cell, body, seconds)


WAITS = {
    "Event.wait": ("threading.Event().wait(2.5)", 2.5, False),
    "Event.wait that ends early": ("wait_for_timer(1.5, 4)", 1.5, True),
    "Condition.wait_for": ("condition_wait()", 4.9, False),
    "Lock.acquire": ("held(threading.Lock()).acquire(timeout=3)", 3.0, False),
    "Lock.acquire that ends early": ("released_after(threading.Lock(), 2).acquire(timeout=3)", 2.0, True),
    "RLock.acquire": ("held_elsewhere(threading.RLock()).acquire(timeout=3)", 3.0, False),
    "Semaphore.acquire": ("threading.Semaphore(0).acquire(timeout=1)", 1.0, False),
    "Barrier.wait": ("raises(threading.BrokenBarrierError, threading.Barrier(2).wait, 1.25)", 1.25, True),
    "Thread.join": ("join(sleeper(10), 4)", 4.0, True),
    "Thread.join that ends early": ("join(sleeper(3), 4)", 3.0, False),
    "Queue.get": ("raises(queue.Empty, queue.Queue().get, True, 0.75)", 0.75, True),
    "Queue.put": ("raises(queue.Full, full().put, 1, True, 0.75)", 0.75, True),
    "SimpleQueue.get": ("raises(queue.Empty, queue.SimpleQueue().get, True, 0.75)", 0.75, True),
    "SimpleQueue.get that ends early": ("fed_queue(2).get(True, 5)", 2.0, "fed"),
    "Future.result": ("raises(TimeoutError, Future().result, 9)", 9.0, True),
    "concurrent.futures.wait": ("len(concurrent.futures.wait([Future()], 9).not_done)", 9.0, 1),
    "select.select": ("select.select([pair()[0]], [], [], 1.5)[0]", 1.5, []),
    "a selector": ("selector(selectors.DefaultSelector).select(2)", 2.0, []),
    "a poll selector": ("selector(selectors.PollSelector).select(2)", 2.0, []),
    "a select selector": ("selector(selectors.SelectSelector).select(2)", 2.0, []),
    "a socket's timeout": ("raises(TimeoutError, pair(6)[0].recv, 1)", 6.0, True),
    "a listening socket's timeout": ("raises(TimeoutError, listening(6).accept)", 6.0, True),
}

HELPERS = """
import concurrent.futures, queue, select, selectors, socket, threading, time
from concurrent.futures import Future
kept = []
def sleeper(seconds):
    thread = threading.Thread(target=time.sleep, args=(seconds,), daemon=True)
    thread.start()
    return thread
def join(thread, timeout):
    thread.join(timeout)
    return thread.is_alive()
def wait_for_timer(seconds, timeout):
    event = threading.Event()
    threading.Timer(seconds, event.set).start()
    return event.wait(timeout)
def condition_wait():
    condition = threading.Condition()
    with condition:
        return condition.wait_for(lambda: False, 4.9)
def held(lock):
    lock.acquire()
    return lock
def held_elsewhere(lock):
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    return lock
def released_after(lock, seconds):
    lock.acquire()
    threading.Timer(seconds, lock.release).start()
    return lock
def full():
    full = queue.Queue(1)
    full.put(0)
    return full
def fed_queue(seconds):
    fed = queue.SimpleQueue()
    threading.Timer(seconds, fed.put, ["fed"]).start()
    return fed
def raises(kind, function, *args):
    try:
        function(*args)
    except kind:
        return True
def pair(timeout=None):
    kept.append(socket.socketpair())
    kept[-1][0].settimeout(timeout)
    return kept[-1]
def listening(timeout):
    kept.append(socket.create_server(("127.0.0.1", 0)))
    kept[-1].settimeout(timeout)
    return kept[-1]
def selector(kind):
    made = kind()
    made.register(pair()[0], selectors.EVENT_READ)
    return made
"""


@pytest.mark.parametrize("case", WAITS)
def test_waits_end_at_their_moment(cell: SmallCell, case: str) -> None:
    """Every timed wait of the standard library ends in virtual time, or earlier when it is fulfilled."""
    expression, seconds, answer = WAITS[case]
    cell.run(HELPERS)
    assert passes(cell, f"def main(): return {expression}", seconds) == answer


def test_clocks_agree(cell: SmallCell) -> None:
    """The wall clock, the monotonic clocks and the loop's clock move together and stand still otherwise."""
    cell.run("""
        import asyncio, datetime, time
        from time import monotonic, perf_counter, time as now
        def read():
            return [
                now(), time.time_ns() / 1e9, datetime.datetime.now(datetime.timezone.utc).timestamp(), monotonic(),
                time.monotonic_ns() / 1e9, perf_counter(), time.perf_counter_ns() / 1e9,
                time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_REALTIME),
                asyncio.new_event_loop().time(),
            ]
        def computes(): return sum(range(1_000_000))
    """)
    before = cell.call("read")
    cell.call("computes")
    assert cell.call("read") == before
    cell.clock.advance(61.5)
    assert [after - start for after, start in zip(cell.call("read"), before, strict=True)] == [61.5] * len(before)
    assert before[0] == 1_800_000_000.0
    assert before[3] == 1000.0


def test_names_imported_before(loop: ServiceLoop) -> None:
    """Modules that were imported before the installation keep virtual time too, default arguments included."""
    clock = VirtualClock(loop)
    early = """
        from time import monotonic, sleep
        from threading import Lock
        from queue import SimpleQueue
        def read(clock=monotonic, *, wait=sleep):
            wait(2)
            return clock() - 1000
        class Timed:
            def read(self, clock=monotonic): return clock() - 1000
    """
    with SmallCell(clock, early=early) as cell:
        cell.run("import early, queue, threading")
        assert passes(cell, "def main(): return [early.read(), early.Timed().read()]", 2.0) == [2.0, 2.0]
        assert cell.run("def main(): return early.Lock is threading.Lock", "main") is True
        assert cell.run("def main(): return early.SimpleQueue is queue.SimpleQueue", "main") is True
    clock.close()


@pytest.mark.parametrize(
    "work",
    [
        "sum(range(30_000_000))",
        "hashlib.pbkdf2_hmac('sha256', b'x', b'y', 600_000)",  # without the interpreter's lock
        "[sorted(range(200_000), key=lambda n: -n) for _ in range(8)]",
    ],
)
def test_time_stands_still_while_a_thread_computes(cell: SmallCell, work: str) -> None:
    """A sleeping thread does not take time on while another one is at work."""
    answer = cell.run(
        f"""
        import hashlib, threading, time
        def main():
            sleeper = threading.Thread(target=time.sleep, args=(1,))
            sleeper.start()
            before = time.process_time()
            {work}
            computed = time.monotonic() - 1000, time.process_time() - before
            sleeper.join()
            return *computed, time.monotonic() - 1000
        """,
        "main",
    )
    assert answer[0] == 0.0
    assert answer[1] > 0.05
    assert answer[2] == 1.0


def test_the_same_moment_in_the_order_of_setting(cell: SmallCell) -> None:
    """Threads that sleep until the same moment wake one after the other, the first one first."""
    body = """
        import threading, time
        def main():
            order = []
            def sleep(number):
                time.sleep(2 - number / 10)
                time.sleep(number / 10)
                order.append(number)
            threads = [threading.Thread(target=sleep, args=(number,)) for number in range(10)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return order
    """
    assert passes(cell, body, 2.0) == [0, *reversed(range(1, 10))]


def test_locks_are_locks(cell: SmallCell) -> None:
    """What stands in for a lock behaves like one, and counts nothing wrong under eight threads."""
    cell.run("""
        import threading
        def main():
            lock = threading.Lock()
            assert lock.acquire() and lock.locked() and not lock.acquire(False)
            assert not lock.acquire(timeout=0)
            lock.release()
            try:
                lock.release()
            except RuntimeError:
                pass
            else:
                raise AssertionError("released twice")
            assert repr(lock).startswith("<unlocked")
            count, rounds = 0, 2000
            def work():
                nonlocal count
                for _ in range(rounds):
                    with lock:
                        count += 1
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return count == 8 * rounds
    """)
    assert cell.call("main") is True


def test_bad_lengths_of_sleep(cell: SmallCell) -> None:
    """What the real sleep refuses is refused."""
    cell.run("""
        import time
        def refused(seconds):
            try:
                time.sleep(float(seconds))
            except (ValueError, OverflowError) as error:
                return type(error).__name__
    """)
    assert cell.call("refused", "-1") == "ValueError"
    assert cell.call("refused", "nan") == "ValueError"
    assert cell.call("refused", "inf") == "OverflowError"


def test_no_thread_shows(cell: SmallCell) -> None:
    """A submission that counts its threads sees its own."""
    assert cell.run("import threading\ndef main(): return threading.active_count()", "main") == 1


def test_a_child_process_has_real_time(cell: SmallCell) -> None:
    """A forked child goes on at the pace of real time from where its parent was."""
    cell.clock.advance(100)
    body = """
        import os, time, threading
        def main():
            reading, writing = os.pipe()
            if os.fork() == 0:
                before = time.monotonic(), time.time()
                time.sleep(0.05)
                threading.Event().wait(0.05)
                after = time.monotonic(), time.time()
                os.write(writing, repr([before, after]).encode())
                os._exit(0)
            os.close(writing)
            return eval(os.read(reading, 1000))
    """
    (monotonic, wall), (monotonic_after, wall_after) = cell.run(body, "main", waits=False)
    assert 1100 <= monotonic < 1101
    assert 1_800_000_100 <= wall < 1_800_000_101
    assert 0.1 <= monotonic_after - monotonic < SOON
    assert 0.1 <= wall_after - wall < SOON
