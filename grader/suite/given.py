"""The functions of a suite that a submission was given, and the handlers of its services: what they were asked and
what they answered, as source. Of the functions themselves nothing is kept.
"""

from __future__ import annotations

import builtins
import contextlib
import inspect
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from grader.repro.steps import Function
from grader.services.answers import Reaction, Request
from grader.suite.names import drawn
from grader.suite.written import seen

_MORE = 5  # further answers of a service that are asked for, since a right solution may ask more often


class Given:
    """Tables of answers. ``fresh`` makes names, ``write`` makes source of a value, ``drawn`` is told each word that the
    submission may have drawn at random, and the expression for it.
    """

    def __init__(
        self, fresh: Callable[[str], str], write: Callable[[Any], str], drawn: Callable[[str, str], object]
    ) -> None:
        self._fresh = fresh
        self._write = write
        self._drawn = drawn
        self._functions: list[tuple[Any, Function]] = []
        self._handlers: dict[str, tuple[Any, str, Function]] = {}
        self._running: list[list[str]] = []
        self._asked = Counter[str]()  # how often each service was
        self._clocks: dict[str, Callable[[], float]] = {}
        #: Which requests earlier examples made, from and to, and how many seconds they took.
        self._earlier: dict[str, tuple[int, int, float]] = {}

    def save(self) -> Callable[[], None]:
        """Gives the functions known now back, when called."""
        known = list(self._functions)
        lengths = {name: len(table.calls) for name, (_, _, table) in self._handlers.items()}
        asked, began = self._asked.copy(), {name: now() for name, now in self._clocks.items()}

        def restore() -> None:
            self._functions[:] = known
            for name in began:
                self._earlier[name] = asked[name], self._asked[name], self._clocks[name]() - began[name]
            for name, length in lengths.items():
                del self._handlers[name][2].calls[length:]

        return restore

    def tables(self, texts: list[str]) -> list[Function]:
        """All that was answered. ``texts`` are the steps, which may name what a service was not asked yet."""
        for handler, url, table in self._handlers.values():
            _ask_further(handler, url, table, texts)
            table.calls = _without_repetition(table.calls)
        return [*[table for _, table in self._functions], *[table for _, _, table in self._handlers.values()]]

    def function(self, function: Callable[..., Any]) -> Function:
        """The table of a function of the suite's."""
        for known, table in self._functions:
            if known is function:
                return table
        name = str(getattr(function, "__name__", type(function).__name__))
        if getattr(builtins, name, None) is function:
            return Function(name, builtin=True)
        name = self._fresh(name if name.isidentifier() else "function")
        table = Function(name, is_async=inspect.iscoroutinefunction(function))
        self._functions.append((function, table))
        return table

    def called(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[Any], None]:
        """A call by the submission; the answer is to be told the outcome."""
        table = self.function(function)
        given = (*args, *sorted(kwargs.items()))
        asked, place, waits = seen(given), len(table.calls), list[str]()
        table.calls.append((asked, "None"))
        for path, word in drawn(given, f"{table.name}.calls[{place}]", secret=True):
            self._drawn(word, path)
        self._running.append(waits)

        def finish(outcome: Any) -> None:
            with contextlib.suppress(ValueError):
                self._running.remove(waits)
            answer = self._answer(outcome)
            table.calls[place] = (asked, f"After([{', '.join(waits)}], {answer})" if waits else answer)

        return finish

    def waits_for(self, text: str, value: str) -> bool:
        """Whether a reading belongs to a function that runs now, which then waits for it."""
        if self._running:
            waits = self._running[-1]
            waits[:] = [wait for wait in waits if not wait.startswith(f"lambda: {text} ==")]
            waits.append(f"lambda: {text} == {value}")
        return bool(self._running)

    def _answer(self, outcome: Any) -> str:
        if isinstance(outcome, BaseException):
            kind = next(each.__name__ for each in type(outcome).__mro__ if hasattr(builtins, each.__name__))
            kind = "CancelledError" if type(outcome).__name__ == "CancelledError" else kind
            return f"Raised({', '.join(map(repr, [kind, *map(str, outcome.args)]))})"
        return self._write(outcome)

    # -- services

    def service(self, name: str, url: str, handler: Any, now: Callable[[], float]) -> str:
        """A service of that name, with its clock; the name of the table of its answers."""
        self._clocks[name] = now
        table = Function(self._fresh(f"{name}_answers"), is_service=True)
        self._handlers[name] = (handler, url, table)
        return table.name

    def answered(self, name: str, asked: tuple[str, str], reaction: Any) -> None:
        """What the handler of a service said to a method and a target."""
        self._asked[name] += 1
        self._handlers[name][2].calls.append((repr(asked), _reaction(reaction)))

    def of_example(self, name: str, requests: list[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
        """What a service was asked, and when, as if there had been no earlier examples."""
        first, end, seconds = self._earlier.get(name, (0, 0, 0.0))
        later = [(method, target, round(moment - seconds, 3)) for method, target, moment in requests[end:]]
        return requests[:first] + later


def _reaction(reaction: Any) -> str:
    """Source of what a handler answered, without what is as ever."""
    if not isinstance(reaction, Reaction):
        return repr(reaction)
    as_ever = type(reaction)()
    given = {each.name: getattr(reaction, each.name) for each in fields(reaction)}
    named = [f"{name}={seen(value)}" for name, value in given.items() if value != getattr(as_ever, name)]
    return f"{type(reaction).__name__}({', '.join(named)})"


def _without_repetition(calls: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The calls without those that the one before answers too: the last answer to a question is given for ever."""
    kept: list[tuple[str, str]] = []
    for place, (question, answer) in enumerate(calls):
        later = {other for asked, other in calls[place + 1 :] if asked == question}
        earlier = [other for asked, other in kept if asked == question]
        if later - {answer} or not earlier or earlier[-1] != answer:
            kept.append((question, answer))
    return kept


def _ask_further(handler: Any, url: str, table: Function, texts: list[str]) -> None:
    """Asks a handler what else it would answer, to what it was asked and to what the steps name."""
    if not callable(handler) or inspect.iscoroutinefunction(handler):
        return
    asked = dict.fromkeys(question for question, _ in table.calls)
    for text in texts:
        for target in re.findall(re.escape(url) + r"(/[^\s'\"\\]*)", text):
            asked.setdefault(repr(("GET", quote(target, safe="/?=&%:@!$'()*+,;~-._"))))
    for question in asked:
        method, target = re.findall(r"'((?:[^'\\]|\\.)*)'", question)[:2]
        path, _, query = target.partition("?")
        for number in range(_MORE):
            request = Request(number, method, target, unquote(path), dict(parse_qsl(query)), {}, 0.0)
            try:
                table.calls.append((question, _reaction(handler(request))))
            except Exception:  # noqa: BLE001 - a handler that knows no such question has no answer
                break
