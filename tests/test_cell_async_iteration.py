"""``async for`` and ``async with`` over objects of a cell."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.cells import CellMaker, cell_of

SOURCE = """
import asyncio

log = []

async def fail():
    raise LookupError("nowhere")

async def count(to):
    try:
        for number in range(to):
            await asyncio.sleep(0)
            yield number
    finally:
        log.append("closed")

class Session:
    async def __aenter__(self):
        log.append("enter")
        return "inside"
    async def __aexit__(self, kind, error, trace):
        log.append(kind and kind.__name__)
        return kind is KeyError
"""


def throw(error: Exception) -> None:
    raise error


class TestIterating:
    """``async for`` and ``async with``."""

    def test_async_iteration(self, make: CellMaker) -> None:
        """One step at a time, to the end."""
        subject = make(SOURCE)

        async def main() -> Any:
            numbers = [number async for number in subject.count(3)]
            return numbers, subject.log

        assert asyncio.run(main()) == ([0, 1, 2], ["closed"])

    def test_async_generators_are_lazy(self, make: CellMaker) -> None:
        """``anext`` makes one step; ``aclose`` runs the finally clause."""
        subject = make(SOURCE)

        async def main() -> Any:
            counting = subject.count(1_000_000)
            steps = [await anext(counting), await anext(counting)]
            assert subject.log == []
            await counting.aclose()
            return steps, subject.log

        assert asyncio.run(main()) == ([0, 1], ["closed"])

    def test_async_context_managers(self, make: CellMaker) -> None:
        """The block's end and its exceptions are told to ``__aexit__``, which may swallow them."""
        subject = make(SOURCE)

        async def main() -> Any:
            async with subject.Session() as value:
                assert value == "inside"
            async with subject.Session():
                throw(KeyError("swallowed"))
            with pytest.raises(LookupError):
                async with subject.Session():
                    await subject.fail()
            return subject.log

        assert asyncio.run(main()) == ["enter", None, "enter", "KeyError", "enter", "LookupError"]

    def test_print_of_a_coroutine_is_kept(self, make_bare: CellMaker) -> None:
        """What a task prints comes with its answer."""
        subject = make_bare("async def speak(): print('hello')")

        async def main() -> None:
            await subject.speak()

        asyncio.run(main())
        assert cell_of(subject).printed == "hello\n"
