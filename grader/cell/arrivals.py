"""What one cell sends, and who waits for it: answers, callbacks, what was printed."""

from __future__ import annotations

import asyncio
from typing import Any

from grader.cell.budget import Budget
from grader.cell.callbacks import Callbacks
from grader.cell.deaths import CellEnded
from grader.cell.exchange import Exchange
from grader.cell.line import Line
from grader.cell.recording import Recorder
from grader.model import Verdict

_PRINTED = 1 << 16  # characters kept of what the submission prints


class Arrivals:
    """Brings each frame to whoever it is for. Waiting for one is paid for from ``budget``."""

    def __init__(self, line: Line, exchange: Exchange, record: Recorder, budget: Budget) -> None:
        #: What the submission printed, bounded.
        self.printed = ""
        self.callbacks = Callbacks(line, exchange, record, lambda: self._loop)
        self._line = line
        self._budget = budget
        self._last = 0
        self._asked: set[int] = set()
        self._answers: dict[int, list[Any]] = {}
        self._futures: dict[int, asyncio.Future[list[Any]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def new_number(self) -> int:
        """A number for one more call, whose answer may come from now on."""
        self._last += 1
        self._asked.add(self._last)
        return self._last

    def deliver(self) -> None:
        """Deals with the frames that have arrived whole."""
        while (frame := self._line.buffered()) is not None:
            self._dispatch(frame)

    def wait_for(self, number: int, seconds: float) -> None:
        """Returns when the answer to a call is there, to be taken."""
        patience = self._budget.patience(seconds)
        with self._budget.spending():
            while number not in self._answers:
                self._dispatch(self._line.read(patience))
        if self._futures:
            self.deliver()  # nothing will wake the suite's loop for the rest

    def take(self, number: int) -> list[Any]:
        """The answer to a call that was waited for."""
        return self._answers.pop(number)

    def future(self, number: int) -> asyncio.Future[list[Any]]:
        """The answer to a call, for the running loop, which reads for everybody from now on."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._forget_loop()
            self._loop = loop
            loop.add_reader(self._line.fileno(), self._on_readable)
        future: asyncio.Future[list[Any]] = loop.create_future()
        if number in self._answers:
            future.set_result(self._answers.pop(number))
        else:
            self._futures[number] = future
        return future

    async def awaited(self, future: asyncio.Future[list[Any]], seconds: float) -> None:
        """Returns when the answer is there; the future itself is never cancelled, so that it finds somebody."""
        patience = self._budget.patience(seconds)
        with self._budget.spending():
            while not future.done() and (left := patience.left()):
                await asyncio.wait([future], timeout=left)
        if not future.done():
            self._tell_all(self._line.end(Verdict.TIMEOUT, f"no answer within {patience.seconds:.3g} s"))

    def close(self) -> None:
        """Nothing more is read, and callbacks under way are cancelled."""
        self._forget_loop()
        self.callbacks.close()

    def _on_readable(self) -> None:
        """Reads what has come while the suite's loop runs; only whole frames, so a slow sender cannot block it."""
        try:
            self._line.read_available()
            self.deliver()
        except CellEnded as end:
            self._tell_all(end)

    def _tell_all(self, end: CellEnded) -> None:
        """Everybody who awaits an answer learns that there will be none."""
        self.close()
        for future in self._futures.values():
            if not future.done():
                future.set_exception(end)
        self._futures.clear()

    def _forget_loop(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._line.fileno())
        self._loop = None

    def _dispatch(self, frame: list[Any]) -> None:
        kind, count = frame[0], len(frame)
        if (kind == "ok" or kind == "err") and count == 3:
            number = frame[1]
            if type(number) is not int or number not in self._asked:
                raise self._line.breach("it sent an answer that nobody had asked for")
            self._asked.remove(number)
            future = self._futures.pop(number, None)
            if future is not None:
                future.set_result(frame)
            else:
                self._answers[number] = frame
        elif kind == "print" and count == 2 and type(frame[1]) is str:
            self.printed = (self.printed + frame[1])[:_PRINTED]
        elif kind == "limit" and count == 2 and type(frame[1]) is str:
            raise self._line.end(Verdict.OUTPUT, frame[1][:200])
        elif kind == "back" and count == 5 and type(frame[1]) is int:
            self.callbacks.call(*frame[1:])
        elif kind == "unback" and count == 2:
            self.callbacks.cancel(frame[1])
        else:
            raise self._line.breach("it sent a frame that makes no sense")
