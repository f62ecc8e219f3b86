"""The thread that services live in, and their clock."""

from __future__ import annotations

import asyncio
import threading

import pytest

from grader.services.clock import Hold, RealClock
from grader.services.loop import ServiceLoop
from tests.stepped_clock import SteppedClock


def test_runs_coroutines_in_a_thread_of_its_own() -> None:
    loop = ServiceLoop()

    async def thread() -> threading.Thread:
        assert loop.is_current
        return threading.current_thread()

    assert loop.run(thread()) is not threading.current_thread()
    assert loop.run(thread()) is loop.run(thread())
    assert not loop.is_current
    loop.close()


def test_hands_on_what_a_coroutine_raises() -> None:
    loop = ServiceLoop()

    async def fail() -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        loop.run(fail())
    loop.close()


def test_refuses_to_wait_for_itself() -> None:
    loop = ServiceLoop()

    async def outer() -> None:
        loop.run(asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="wait for itself"):
        loop.run(outer())
    loop.close()


def test_closing_ends_what_runs_and_may_be_repeated() -> None:
    loop = ServiceLoop()
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    async def start() -> None:
        loop.keep = asyncio.create_task(work())  # type: ignore[attr-defined]
        await asyncio.sleep(0)

    loop.run(start())
    loop.close()
    loop.close()
    loop.settle()
    assert ended == [True]
    with pytest.raises(RuntimeError, match="closed"):
        loop.run(asyncio.sleep(0))


def test_remembers_what_callbacks_raise() -> None:
    loop = ServiceLoop()

    def fail() -> None:
        raise LookupError("a bug")

    async def start() -> None:
        asyncio.get_running_loop().call_soon(fail)

    loop.run(start())
    loop.settle()
    assert len(loop.faults) == 1
    assert "a bug" in loop.faults[0]
    loop.close()


def test_real_time_passes_by_itself_and_needs_no_holds() -> None:
    loop = ServiceLoop()
    clock = RealClock()
    before = clock.now()
    clock.hold()
    loop.run(clock.sleep(0.001))
    clock.release()
    assert clock.now() > before >= 0
    loop.close()


def test_a_hold_is_taken_and_dropped_once() -> None:
    loop = ServiceLoop()
    clock = SteppedClock(loop)

    async def use() -> None:
        hold = Hold(clock)
        hold.drop()
        assert clock.holds == 0
        hold.take()
        hold.take()
        assert clock.holds == 1
        hold.drop()
        hold.drop()
        assert clock.holds == 0

    loop.run(use())
    assert not clock.broken
    loop.close()


def test_a_lingering_hold_is_dropped_unless_it_is_taken_again() -> None:
    loop = ServiceLoop()
    clock = SteppedClock(loop)

    async def use() -> None:
        hold = Hold(clock)
        hold.take()
        hold.linger()
        hold.linger()
        assert clock.holds == 1
        hold.take()
        hold.drop()
        hold.take()
        hold.linger()

    loop.run(use())
    clock.rest()
    assert clock.holds == 0
    assert not clock.broken
    loop.close()
