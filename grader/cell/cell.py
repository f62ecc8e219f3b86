"""The trusted side of one cell: calls with a deadline, awaited or not, on behalf of stand-ins."""

from __future__ import annotations

import asyncio
from typing import Any

from grader.cell.arrivals import Arrivals
from grader.cell.budget import Budget
from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.dialogue import Dialogue, Tape
from grader.cell.exchange import Exchange
from grader.cell.inside.values import METHOD, Malformed, Tree, ValueTooLarge
from grader.cell.line import Line, Waiting
from grader.cell.process import CellProcess
from grader.cell.recording import Outcome, Recorder, forget, record_nothing
from grader.cell.remote import Method, Remote
from grader.cell.watch import watch
from grader.model import Verdict

_CANCEL_GRACE_S = 2.0
_PATIENCE_S = 1.0  # for one answer of a dialogue; who takes longer is asked by the suite itself
_DROPPED_AT_ONCE = 10_000  # numbers in one frame


class Cell:
    """One cell. Every method may raise ``CellEnded``, and does from then on.

    ``call_s`` seconds of wall time are given to each call, ``budget`` to all calls together. ``record`` is told of
    every call. ``waiting(descriptor)`` is entered while the suite waits for that file to become readable.
    ``tape`` keeps what goes over the channel.
    """

    def __init__(
        self,
        process: CellProcess,
        *,
        call_s: float,
        budget: Budget,
        record: Recorder = record_nothing,
        waiting: Waiting | None = None,
        tape: Tape | None = None,
    ) -> None:
        self.exchange = Exchange(self)
        self.process = process
        self._line = Line(process, call_s, waiting, tape)
        self._arrivals = Arrivals(self._line, self.exchange, record, budget)
        self._record = record
        self._call_s = call_s
        self._budget = budget
        self._methods: set[tuple[int, str]] = set()
        watch.add(process)

    @property
    def printed(self) -> str:
        """What the submission has printed, bounded."""
        return self._arrivals.printed

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
        future = self._arrivals.future(number)
        cancelled = False
        try:
            await self._arrivals.awaited(future, self._call_s)
        except asyncio.CancelledError:
            cancelled = True
            self._line.send(["cancel", number])
            await self._arrivals.awaited(future, _CANCEL_GRACE_S)
        try:
            return self._value(self._open(future.result(), outcome), outcome)
        except SubmissionError as error:
            if cancelled and error.type_name == "CancelledError":
                raise asyncio.CancelledError from None
            raise

    def import_module(self, name: str) -> Remote:
        """Imports a module in the cell."""
        return self._remote("import", [name])

    def make(self, module: str, name: str) -> Remote:
        """What the class or function ``name`` of a trusted module makes without arguments."""
        imported = self.import_module(module)
        factory = self._remote("get", [imported._number, name])
        return self._remote("call", [factory._number, [], []])

    def load_module(self, name: str, code: bytes) -> Remote:
        """Makes a module of trusted bytecode (see ``marshal``) in the cell."""
        return self._remote("load", [name, code])

    def bound(self, target: Remote, name: str) -> Remote:
        """The bound method of that name."""
        getter = self._remote("operate", ["attrgetter", [name]])
        return self._remote("call", [getter._number, *self._packed((target,), {})])

    def keep(self, value: Any) -> Remote:
        """An object in the cell that starts as a copy of ``value``."""
        return self._remote("keep", [self.exchange.pack(value)])

    def fetch(self, target: Remote) -> Any:
        """A copy of an object: a plain value, or a ``Record`` of its fields."""
        return self._value(self._ask("fetch", [target._number], forget), forget)

    def descriptor(self, name: str) -> int:
        """The number, inside the cell, of an open file that was handed over under ``name``."""
        return int(self._value(self._ask("descriptor", [name], forget), forget))

    def repeats(self, dialogue: Dialogue, *, ahead: bool = False) -> bool:
        """Whether it answers as another cell has. For a cell that is asked nothing else, before or afterwards.

        ``ahead`` says that questions may be asked before those in front of them are answered.
        """
        return self._line.repeats(dialogue, min(_PATIENCE_S, self._call_s), self._budget.seconds, ahead=ahead)

    def close(self) -> None:
        """Ends the cell."""
        self._line.end(Verdict.CRASHED, "the cell was closed")
        self._arrivals.close()
        watch.remove(self.process)
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
            self._arrivals.wait_for(number, self._call_s)
        except CellEnded as end:
            outcome(end)
            raise
        return self._open(self._arrivals.take(number), outcome)

    def _send_call(self, operation: str, arguments: list[Tree]) -> int:
        if self._line.ended is not None:
            raise self._line.ended
        if self._budget.left <= 0:
            all_s = self._budget.seconds
            raise self._line.end(Verdict.TIMEOUT, f"no answer within {all_s:.3g} s, which all calls of a check share")
        if self._arrivals.callbacks.running:
            raise RuntimeError("a function handed to the submission may not call into the cell")
        self._arrivals.deliver()
        if self.exchange.dropped:
            dropped, self.exchange.dropped = self.exchange.dropped, []
            for first in range(0, len(dropped), _DROPPED_AT_ONCE):
                self._line.send(["drop", dropped[first : first + _DROPPED_AT_ONCE]])
        number = self._arrivals.new_number()
        self._line.send(["call", number, operation, arguments])
        return number

    def _open(self, frame: list[Any], outcome: Outcome) -> Tree:
        """The answer's tree, or the exception that it describes. Frames were checked on arrival.

        Nothing large is a local variable here or in a caller when it raises: a suite may keep many exceptions.
        """
        failure = self._arrivals.callbacks.take_failure()
        if failure is not None:
            raise failure
        if frame[0] == "ok":
            return frame[2]
        try:
            error = self.exchange.error(frame[2])
        except ValueTooLarge as fault:
            raise self._line.end(Verdict.OUTPUT, str(fault)) from None
        except (Malformed, RecursionError) as fault:
            raise self._line.breach(f"it described an exception malformedly ({fault})") from None
        del frame
        if self.process.out_of_memory():  # a child was ended, and this is what the submission made of it
            raise self._line.end(Verdict.MEMORY, f"the cell ran out of its memory ({error.line[:200]})")
        outcome(error)
        raise error

    def _value(self, tree: Tree, outcome: Outcome) -> Any:
        if type(tree) is not list:
            outcome(tree)
            return tree
        try:
            with self._budget.spending():
                value = self.exchange.unpack(tree)
        except ValueTooLarge as error:
            raise self._line.end(Verdict.OUTPUT, str(error)) from None
        except (Malformed, RecursionError) as error:
            raise self._line.breach(f"it answered with a malformed value ({error})") from None
        outcome(value)
        return value
