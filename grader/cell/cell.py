"""The trusted side of one cell: calls with a deadline, awaited or not, on behalf of stand-ins."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from grader.cell.budget import Budget
from grader.cell.callbacks import Callbacks
from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.exchange import Exchange
from grader.cell.inside.values import METHOD, Malformed, Tree
from grader.cell.line import Line, Waiting
from grader.cell.process import CellProcess
from grader.cell.recording import Outcome, Recorder, forget, record_nothing
from grader.cell.remote import Method, Remote
from grader.model import Verdict

_PRINTED = 1 << 16  # characters kept of what the submission prints
_CANCEL_GRACE_S = 2.0


class Cell:
    """One cell. Every method may raise ``CellEnded``, and does from then on.

    ``call_s`` seconds of wall time are given to each call, ``budget_s`` to all calls together. ``record`` is told of
    every call. ``waiting(descriptor)`` is entered while the suite waits for that file to become readable.
    """

    def __init__(
        self,
        process: CellProcess,
        *,
        call_s: float,
        budget_s: float,
        record: Recorder = record_nothing,
        waiting: Waiting | None = None,
    ) -> None:
        self.exchange = Exchange(self)
        self.process = process
        #: What the submission printed, bounded.
        self.printed = ""
        self._line = Line(process, call_s, waiting)
        self._callbacks = Callbacks(self._line, self.exchange, record, lambda: self._loop)
        self._record = record
        self._call_s = call_s
        self._budget = Budget(budget_s)
        self._last = 0
        self._asked: set[int] = set()
        self._answers: dict[int, list[Any]] = {}
        self._futures: dict[int, asyncio.Future[list[Any]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._methods: set[tuple[int, str]] = set()

    # -- what stand-ins ask for

    def get(self, target: Remote, name: str) -> Any:
        """An attribute; a bound method is not fetched but named."""
        key = (target._type_number, name)
        if key in self._methods:
            return Method(target, name)
        outcome = self._record("get", target, name, (), {})
        tree = self._ask("get", [target._number, name], outcome)
        if type(tree) is list and tree == [METHOD]:
            self._methods.add(key)
            outcome(Method(target, name))
            return Method(target, name)
        return self._value(tree, outcome)

    def set(self, target: Remote, name: str, value: Any) -> None:
        """Sets an attribute."""
        outcome = self._record("set", target, name, (value,), {})
        self._value(self._ask("set", [target._number, name, self.exchange.pack(value)], outcome), outcome)

    def call(self, target: Remote, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls a function or a class."""
        outcome = self._record("call", target, "", args, kwargs)
        return self._value(self._ask("call", [target._number, *self._packed(args, kwargs)], outcome), outcome)

    def method(self, target: Remote, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls a method."""
        outcome = self._record("method", target, name, args, kwargs)
        return self._value(self._ask("method", [target._number, name, *self._packed(args, kwargs)], outcome), outcome)

    def operate(self, name: str, *args: Any) -> Any:
        """An operation that Python spells without a method call, e.g. ``len`` or a name of module ``operator``."""
        outcome = self._record("operate", None, name, args, {})
        return self._value(self._ask("operate", [name, self._packed(args, {})[0]], outcome), outcome)

    async def awaiting(self, target: Remote | None, operation: str = "", *args: Any) -> Any:
        """Awaits an awaitable of the cell; a cancellation reaches the cell's task and waits for its end."""
        outcome = self._record("await", target, operation, args, {})
        arguments = [None if target is None else target._number, operation, self._packed(args, {})[0]]
        number = self._send_call("await", arguments)
        future = self._future(number)
        cancelled = False
        try:
            frame = await self._shielded(future, self._call_s)
        except asyncio.CancelledError:
            cancelled = True
            self._line.send(["cancel", number])
            frame = await self._shielded(future, _CANCEL_GRACE_S)
        try:
            return self._value(self._open(frame, outcome), outcome)
        except SubmissionError as error:
            if cancelled and error.type_name == "CancelledError":
                raise asyncio.CancelledError from None
            raise

    def import_module(self, name: str) -> Remote:
        """Imports a module in the cell."""
        return self._remote("import", [name])

    def load_module(self, name: str, source: str) -> Remote:
        """Makes a module of trusted source in the cell."""
        return self._remote("load", [name, source])

    def keep(self, value: Any) -> Remote:
        """An object in the cell that starts as a copy of ``value``."""
        return self._remote("keep", [self.exchange.pack(value)])

    def fetch(self, target: Remote) -> Any:
        """A copy of an object: a plain value, or a ``Record`` of its fields."""
        return self._value(self._ask("fetch", [target._number], forget), forget)

    def descriptor(self, name: str) -> int:
        """The number, inside the cell, of an open file that was handed over under ``name``."""
        return int(self._value(self._ask("descriptor", [name], forget), forget))

    def close(self) -> None:
        """Ends the cell."""
        self._line.end(Verdict.CRASHED, "the cell was closed")
        self._forget_loop()
        self._callbacks.close()
        self.process.close()

    # -- asking and answering

    def _remote(self, operation: str, arguments: list[Tree]) -> Remote:
        value = self._value(self._ask(operation, arguments, forget), forget)
        if not isinstance(value, Remote):
            raise self._line.breach(f"it answered {operation} with a plain value")
        return value

    def _packed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Tree], list[Tree]]:
        pack = self.exchange.pack
        return [pack(value) for value in args], [[name, pack(value)] for name, value in kwargs.items()]

    def _ask(self, operation: str, arguments: list[Tree], outcome: Outcome) -> Tree:
        number = self._send_call(operation, arguments)
        try:
            frame = self._wait_for(number)
        except CellEnded as end:
            outcome(end)
            raise
        return self._open(frame, outcome)

    def _send_call(self, operation: str, arguments: list[Tree]) -> int:
        if self._line.ended is not None:
            raise self._line.ended
        if self._callbacks.running:
            raise RuntimeError("a function handed to the submission may not call into the cell")
        while (frame := self._line.buffered()) is not None:
            self._dispatch(frame)
        if self.exchange.dropped:
            dropped, self.exchange.dropped = self.exchange.dropped, []
            self._line.send(["drop", dropped])
        self._last += 1
        self._asked.add(self._last)
        self._line.send(["call", self._last, operation, arguments])
        return self._last

    def _open(self, frame: list[Any], outcome: Outcome) -> Tree:
        """The answer's tree, or the exception that it describes. Frames were checked on arrival."""
        failure = self._callbacks.take_failure()
        if failure is not None:
            raise failure
        if frame[0] == "ok":
            return frame[2]
        try:
            error = self.exchange.error(frame[2])
        except (Malformed, RecursionError) as fault:
            raise self._line.breach(f"it described an exception malformedly ({fault})") from None
        outcome(error)
        raise error

    def _value(self, tree: Tree, outcome: Outcome) -> Any:
        try:
            value = self.exchange.unpack(tree)
        except (Malformed, RecursionError) as error:
            raise self._line.breach(f"it answered with a malformed value ({error})") from None
        outcome(value)
        return value

    # -- waiting

    def _wait_for(self, number: int) -> list[Any]:
        patience = min(self._call_s, self._budget.left)
        end = time.monotonic() + patience
        with self._budget.spending():
            while number not in self._answers:
                self._dispatch(self._line.read(end, patience))
        while self._futures and (frame := self._line.buffered()) is not None:
            self._dispatch(frame)  # nothing will wake the suite's loop for it
        return self._answers.pop(number)

    def _future(self, number: int) -> asyncio.Future[list[Any]]:
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

    async def _shielded(self, future: asyncio.Future[list[Any]], seconds: float) -> list[Any]:
        """The answer; the future itself is never cancelled, so that the answer finds somebody."""
        limit = min(seconds, self._budget.left)
        with self._budget.spending():
            done, _ = await asyncio.wait([future], timeout=limit)
        if not done:
            self._tell_all(self._line.end(Verdict.TIMEOUT, f"no answer within {limit:.3g} s"))
        return future.result()

    def _on_readable(self) -> None:
        """Reads what has come while the suite's loop runs; only whole frames, so a slow sender cannot block it."""
        try:
            self._line.read_available()
            while (frame := self._line.buffered()) is not None:
                self._dispatch(frame)
        except CellEnded as end:
            self._tell_all(end)

    def _tell_all(self, end: CellEnded) -> None:
        """Everybody who awaits an answer learns that there will be none."""
        self._forget_loop()
        self._callbacks.close()
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
            self._callbacks.call(*frame[1:])
        elif kind == "unback" and count == 2:
            self._callbacks.cancel(frame[1])
        else:
            raise self._line.breach("it sent a frame that makes no sense")
