"""Visible examples: `pytest exercises/week1/offload`."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from offload import Reply, handle

PATIENCE_S = 10


def collect(
    requests: list[tuple[str, Any]], hash_fn: Callable[[Any], Any], fetch_fn: Callable[[Any], Any], **sizes: int
) -> list:
    async def main() -> list[Reply]:
        return [reply async for reply in handle(requests, hash_fn=hash_fn, fetch_fn=fetch_fn, **sizes)]

    return asyncio.run(main())


def test_replies_come_in_the_order_of_the_requests() -> None:
    second_is_done = threading.Event()

    def hash_fn(number: int) -> int:
        assert second_is_done.wait(PATIENCE_S)
        return number * 2

    def fetch_fn(name: str) -> str:
        second_is_done.set()
        return name.upper()

    replies = collect([("hash", 21), ("fetch", "ann")], hash_fn, fetch_fn)
    assert [reply.request for reply in replies] == [("hash", 21), ("fetch", "ann")]
    assert [reply.value for reply in replies] == [42, "ANN"]
    assert [reply.error for reply in replies] == [None, None]


def test_the_loop_runs_on() -> None:
    beats = threading.Semaphore(0)

    async def heart() -> None:
        while True:
            beats.release()
            await asyncio.sleep(0.001)

    def wait_for_three_beats(_: int) -> bool:
        return all(beats.acquire(timeout=PATIENCE_S) for _ in range(3))

    async def main() -> list[bool]:
        task = asyncio.create_task(heart())
        requests = [("hash", 0), ("fetch", 1)]
        stream = handle(requests, hash_fn=wait_for_three_beats, fetch_fn=wait_for_three_beats)
        seen = [reply.value async for reply in stream]
        task.cancel()
        return seen

    assert asyncio.run(main()) == [True, True]


def test_an_error_belongs_to_its_reply() -> None:
    replies = collect([("hash", 4), ("hash", 0), ("hash", 5)], lambda number: 20 // number, str)
    assert [reply.value for reply in replies] == [5, None, 4]
    assert isinstance(replies[1].error, ZeroDivisionError)


def test_closing_waits_for_what_runs_and_starts_nothing_more() -> None:
    began: list[int] = []
    ended: list[int] = []
    second_began = threading.Event()

    def fetch_fn(number: int) -> int:
        began.append(number)
        if number == 1:
            second_began.set()
        assert second_began.wait(PATIENCE_S)
        ended.append(number)
        return number

    async def main() -> None:
        requests = (("fetch", number) for number in range(100))
        stream = handle(requests, hash_fn=str, fetch_fn=fetch_fn, fetch_workers=2, window=4)
        assert (await anext(stream)).value == 0
        await stream.aclose()
        assert sorted(ended) == sorted(began)
        assert len(began) <= 5  # one reply was taken, and at most four requests were in flight

    asyncio.run(main())


def test_a_window_below_1_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is yours
        collect([("hash", 1)], str, str, window=0)
