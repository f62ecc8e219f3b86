"""Runs the suite's functions that a submission calls, and answers with what they return or raise."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable
from typing import Any

from grader.cell.deaths import CellEnded
from grader.cell.exchange import Exchange
from grader.cell.inside.values import Malformed, ValueTooLarge
from grader.cell.line import Line
from grader.cell.recording import Outcome, Recorder
from grader.model import Verdict

_MAX_TASKS = 10_000  # async functions of the suite that run at once
_NAMEABLE = ("builtins", "asyncio.exceptions")  # modules whose exception classes the cell knows by name


class Callbacks:
    """Calls of the suite's functions by one cell. Async functions run as tasks of ``loop()``."""

    def __init__(
        self,
        line: Line,
        exchange: Exchange,
        record: Recorder,
        loop: Callable[[], asyncio.AbstractEventLoop | None],
    ) -> None:
        #: Whether a plain function of the suite runs right now.
        self.running = False
        self._line = line
        self._exchange = exchange
        self._record = record
        self._loop = loop
        self._failure: AssertionError | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def take_failure(self) -> AssertionError | None:
        """The first assertion that failed in a callback: the check's, not the submission's, to know of."""
        failure, self._failure = self._failure, None
        return failure

    def call(self, number: int, function_number: Any, args: Any, kwargs: Any) -> None:
        """Serves one ``back`` frame."""
        try:
            functions = self._exchange.functions
            if type(function_number) is not int or not 0 <= function_number < len(functions):
                raise Malformed("a function that was never handed over")
            positional = [self._exchange.unpack(tree) for tree in args]
            named = {str(name): self._exchange.unpack(tree) for name, tree in kwargs}
        except ValueTooLarge as error:
            raise self._line.end(Verdict.OUTPUT, str(error)) from None
        except (Malformed, TypeError, ValueError, RecursionError) as error:
            raise self._line.breach(f"a malformed callback ({error})") from None
        function = functions[function_number]
        outcome = self._record("back", function, getattr(function, "__name__", "function"), tuple(positional), named)
        if not inspect.iscoroutinefunction(function):
            self._answer(number, self._run(function, positional, named), outcome)
            return
        loop = self._loop()
        if number in self._tasks or len(self._tasks) >= _MAX_TASKS:
            raise self._line.breach(f"callback {number} is under way, or {_MAX_TASKS:,} others are")
        if loop is None:
            misuse = RuntimeError("an async function of the suite was called outside an async check")
            self._answer(number, _Raised(misuse), outcome)
        else:
            self._tasks[number] = loop.create_task(self._run_async(number, function, positional, named, outcome))

    def cancel(self, number: Any) -> None:
        """Serves one ``unback`` frame."""
        task = self._tasks.get(number) if type(number) is int else None
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """Cancels what still runs."""
        for task in list(self._tasks.values()):
            with contextlib.suppress(RuntimeError):  # its loop may be closed
                task.cancel()

    def _run(self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.running = True
        try:
            return function(*args, **kwargs)
        except Exception as error:
            return _Raised(error)
        finally:
            self.running = False

    async def _run_async(
        self,
        number: int,
        function: Callable[..., Any],
        args: list[Any],
        kwargs: dict[str, Any],
        outcome: Outcome,
    ) -> None:
        result: Any
        try:
            result = await function(*args, **kwargs)
        except (Exception, asyncio.CancelledError) as error:
            result = _Raised(error)
        finally:
            del self._tasks[number]
        with contextlib.suppress(CellEnded):  # whoever waits has been told
            self._answer(number, result, outcome)

    def _answer(self, number: int, result: Any, outcome: Outcome) -> None:
        if isinstance(result, _Raised):
            error = result.error
            if isinstance(error, AssertionError) and self._failure is None:
                self._failure = error
            name = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ in _NAMEABLE)
            outcome(error)
            answer: Any = [name, [_text(part) for part in error.args]]
        else:
            outcome(result)
            answer = result
        try:
            self._line.send(["done", number, not isinstance(result, _Raised), self._exchange.pack(answer)])
        except ValueTooLarge as error:  # such as what the cell has sent, with a list around it
            raise self._line.end(Verdict.OUTPUT, f"what a function of the check answered: {error}") from None


def _text(part: Any) -> str:
    """An exception's argument, which may be a value of the submission's, as text."""
    try:
        return str(part)
    except Exception:
        return f"<{type(part).__name__}>"


class _Raised:
    """What a callback raised, told apart from an exception that it returned."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
