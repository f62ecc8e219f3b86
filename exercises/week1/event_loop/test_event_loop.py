"""Visible examples: `pytest exercises/week1/event_loop`."""

import pytest
from event_loop import CancelledError, Loop


class Clock:
    """Stands still until somebody idles."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.idled: list[float] = []

    def __call__(self) -> float:
        return self.now

    def idle(self, seconds: float) -> None:
        self.idled.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loop(clock: Clock) -> Loop:
    return Loop(clock=clock, idle=clock.idle)


def test_the_result_of_the_coroutine_is_returned(loop: Loop) -> None:
    async def answer() -> int:
        return 42

    assert loop.run_until_complete(answer()) == 42


def test_tasks_take_turns(loop: Loop) -> None:
    log: list[str] = []

    async def talk(name: str) -> None:
        for number in range(3):
            log.append(f"{name}{number}")
            await loop.sleep(0)

    async def main() -> None:
        await loop.gather(talk("a"), talk("b"))

    loop.run_until_complete(main())
    assert log == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_sleeps_overlap_and_the_loop_idles(loop: Loop, clock: Clock) -> None:
    async def nap(seconds: float) -> float:
        await loop.sleep(seconds)
        return clock() - 1000.0

    async def main() -> list[float]:
        return await loop.gather(nap(3.0), nap(1.0), nap(3.0))

    assert loop.run_until_complete(main()) == [3.0, 1.0, 3.0]
    assert clock.idled == [1.0, 2.0]


def test_an_exception_reaches_who_awaits(loop: Loop) -> None:
    async def fail() -> None:
        await loop.sleep(1.0)
        raise LookupError("nothing there")

    async def main() -> str:
        try:
            await loop.create_task(fail())
        except LookupError as error:
            return str(error)
        return "no error"

    assert loop.run_until_complete(main()) == "nothing there"


def test_an_event_wakes_all_who_wait(loop: Loop) -> None:
    log: list[str] = []

    async def main() -> None:
        door = loop.event()

        async def guest(name: str) -> None:
            await door.wait()
            log.append(name)

        guests = [loop.create_task(guest(name)) for name in ("ann", "bob")]
        await loop.sleep(1.0)
        log.append("open")
        door.set()
        await loop.gather(*guests)

    loop.run_until_complete(main())
    assert log == ["open", "ann", "bob"]


def test_cancelling_runs_the_finally_block(loop: Loop, clock: Clock) -> None:
    log: list[str] = []

    async def work() -> None:
        try:
            await loop.sleep(60.0)
        finally:
            await loop.sleep(1.0)
            log.append("cleaned up")

    async def main() -> None:
        task = loop.create_task(work())
        await loop.sleep(5.0)
        assert task.cancel()
        with pytest.raises(CancelledError):
            await task
        assert task.cancelled()

    loop.run_until_complete(main())
    assert log == ["cleaned up"]
    assert clock.now == 1006.0


def test_a_deadlock_is_an_error(loop: Loop) -> None:
    async def main() -> None:
        await loop.event().wait()

    with pytest.raises(RuntimeError):
        loop.run_until_complete(main())
