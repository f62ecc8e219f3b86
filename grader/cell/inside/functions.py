"""The suite's functions as the submission sees them: ordinary functions, each call of which asks the trusted side."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable
from typing import Any

from grader.cell.inside.channel import Channel
from grader.cell.inside.objects import Objects


class Functions:
    """Makes a function of the submission's world for each function that the suite hands over."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.objects: Objects

    def make(self, number: int, is_async: bool, name: str) -> Callable[..., Any]:
        """A function, or a coroutine function, that calls number ``number`` of the suite."""

        def call(*args: Any, **kwargs: Any) -> Any:
            back = self._channel.new_back()
            self._ask(back, number, args, kwargs)
            return self._result(self._channel.answer(back))

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[list[Any]] = loop.create_future()
            back = self._channel.new_back()

            def settle(frame: list[Any]) -> None:
                loop.call_soon_threadsafe(_settle, answer, frame)

            is_read_by_loop = self._channel.on_request is not None
            if is_read_by_loop:
                self._channel.watch(back, settle)
            self._ask(back, number, args, kwargs)
            try:
                if is_read_by_loop:
                    frame = await answer
                else:  # a loop of the submission's own, beside which nobody reads
                    frame = await loop.run_in_executor(None, self._channel.answer, back)
            except asyncio.CancelledError:
                self._channel.send(["unback", back])
                raise
            return self._result(frame)

        function: Callable[..., Any] = call_async if is_async else call
        function.__name__ = function.__qualname__ = name
        return function

    def _ask(self, back: int, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        pack = self.objects.pack
        packed_kwargs = [[name, pack(value)] for name, value in kwargs.items()]
        self._channel.send(["back", back, number, [pack(value) for value in args], packed_kwargs])

    def _result(self, frame: list[Any]) -> Any:
        _, _, succeeded, tree = frame
        value = self.objects.unpack(tree)
        if succeeded:
            return value
        name, arguments = value
        kind = getattr(builtins, name, RuntimeError)
        if name == "CancelledError":
            kind = asyncio.CancelledError
        raise kind(*arguments)


def _settle(answer: asyncio.Future[list[Any]], frame: list[Any]) -> None:
    if not answer.done():
        answer.set_result(frame)
