"""The clock that a suite injects: it lives in the cell and moves only when told to."""

from __future__ import annotations

import asyncio
import threading

from grader.cell.inside.manual_clock import ManualClock


def test_moves_when_told() -> None:
    """Called, it tells its time; it is moved on, set, and set back."""
    clock = ManualClock()
    assert (clock(), clock.now) == (1000.0, 1000.0)
    clock.advance(1.5)
    assert clock() == 1001.5
    clock.set(7)
    assert clock() == 7.0
    assert isinstance(clock(), float)


def test_its_sleeps_take_its_time() -> None:
    """A sleep moves the clock; the async one lets others run."""
    clock = ManualClock()
    clock.sleep(2)
    clock.sleep(-1)
    assert clock() == 1002.0
    order: list[str] = []

    async def sleeper(name: str) -> None:
        order.append(name)
        await clock.asleep(1)
        order.append(name)

    async def both() -> None:
        await asyncio.gather(sleeper("a"), sleeper("b"))

    asyncio.run(both())
    assert order == ["a", "b", "a", "b"]
    assert clock() == 1004.0


def test_threads_may_move_it() -> None:
    """No move is lost between threads."""
    clock = ManualClock(0)

    def work() -> None:
        for _ in range(5_000):
            clock.advance(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock() == 20_000.0
