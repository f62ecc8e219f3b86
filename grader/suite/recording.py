"""Everything that one check did to the submission, step by step, written as Python source while it happens.

What is kept is text: no value stays alive, and what changes later has been written as it was.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import control

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.remote import EnumValue, Method, Record, Remote
from grader.repro.literals import literal
from grader.repro.steps import Function, Recording, Step
from grader.suite.spelling import SPELLED, noun
from grader.suite.written import NESTED, base, holds_objects, seen, with_place


class Recorder:
    """Told of each call like a transcript; ``finished()`` gives the steps."""

    def __init__(self, module: str, subject: Remote, driver: Remote) -> None:
        self._module = module
        self._roots = ((subject, module), (driver, "driver"))
        self._steps: list[Step] = []
        self._names: dict[tuple[int, int], str] = {}
        self._part_names: dict[tuple[int, int], str] = {}
        self._taken: dict[str, int] = {module: 1, "driver": 1}
        self._functions: list[tuple[Any, Function]] = []
        self._parts: dict[str, str] = {}
        self._context: Any = None
        self._kept = 0  # how many steps came before the current example
        #: Texts to be written as expressions, such as a service's address.
        self.places: dict[str, str] = {}
        self._problem = ""

    # -- what happens

    def record(self, kind: str, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Keeps one call; the answer is to be told its outcome."""
        self._notice_example()
        if kind == "back":
            return self._called_back(target, args, kwargs)
        text, is_statement = self._spell(kind, target, name, args, kwargs)
        if not text:
            return _forget
        step = Step(text, is_statement=is_statement, is_awaited=kind == "await")
        place = len(self._steps)
        self._steps.append(step)

        def finish(outcome: Any) -> None:
            if kind == "get" and isinstance(outcome, Method):
                step.text = ""  # named where it is called
            elif kind == "get" and type(outcome) is Remote:
                self._names[_key(outcome)] = text
                step.text = ""
            else:
                step.ended = len(self._steps) - place
                self._tell(step, outcome)

        return finish

    def part(self, name: str, made: Remote | None, source: str) -> None:
        """A part of the check that the program makes itself, by that source, such as a clock."""
        self._notice_example()
        self._parts.setdefault(name, source)
        if made is not None:
            self._names[_key(made)] = self._part_names[_key(made)] = name
        self._taken.setdefault(name, 1)

    def note(self, text: str, outcome: Any = None, *, name: str = "", measured: bool = False) -> str:
        """A step that is no call into the cell, such as a reading of a clock; the name of what it gave."""
        self._notice_example()
        step = Step(text, measured=measured)
        self._steps.append(step)
        if name:
            step.name = self._fresh(name)
        step.ended, step.seen = 1, seen(outcome)
        return step.name

    def keep(self, value: Any, made: Remote) -> None:
        """An object of the cell that starts as a copy of ``value``."""
        self._notice_example()
        step = Step(self._value(value), ended=1, seen=seen(made))
        step.name = self._names[_key(made)] = self._fresh("kept")
        self._steps.append(step)

    def finished(self, message: str, left: Any, right: Any) -> Recording:
        """The steps, what was said of them, and the two values that were compared last, if any were."""
        steps = [step for step in self._steps if step.text]
        return Recording(
            self._module, steps, [function for _, function in self._functions], self._parts, message,
            seen(left), seen(right), self._problem,
        )  # fmt: skip

    # -- examples of Hypothesis

    def _notice_example(self) -> None:
        context = control._current_build_context.value
        if context is not None and context is not self._context:
            if self._context is None:
                self._kept = len(self._steps)
                self._known = (dict(self._names), dict(self._taken), list(self._functions))
            del self._steps[self._kept :]
            names, taken, functions = self._known
            self._names, self._taken, self._functions = names | self._part_names, dict(taken), list(functions)
        elif context is None and self._context is not None:
            self._context = None  # an example's steps stay when the check goes on after it
        self._context = context

    # -- spelling

    def _spell(
        self, kind: str, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[str, bool]:
        parts = [self._value(value) for value in args]
        call = ", ".join([*parts, *[f"{key}={self._value(value)}" for key, value in kwargs.items()]])
        if kind == "operate":
            if name == "attrgetter":
                return "", False
            spelled = SPELLED.get(name)
            if spelled is None:
                return f"{'' if hasattr(builtins, name) else 'operator.'}{name}({call})", False
            return spelled.format(*parts, "", "", ""), name in ("setitem", "delitem")
        if kind == "await":
            if target is not None:
                return f"await {self._value(target)}", False
            return f"await {SPELLED.get(name, name + '({0})').format(*parts, '', '', '')}", False
        owner = self._value(target)
        if kind == "get":
            return f"{owner}.{name}", False
        if kind == "set":
            return f"{owner}.{name} = {call}", True
        return (f"{owner}.{name}({call})" if kind == "method" else f"{owner}({call})"), False

    def _value(self, value: Any) -> str:
        text = literal(value, self._other)
        for found, place in self.places.items():
            if found in text:
                text = with_place(text, found, place)
        return text

    def _other(self, value: Any) -> str:
        if isinstance(value, Remote):
            for root, name in self._roots:
                if value is root:
                    return name
            name = self._names.get(_key(value), "")
            if not name:
                self._problem = self._problem or f"{value!r} came out of nowhere"
            return name or "None"
        if isinstance(value, Method):
            return f"{self._other(value._owner)}.{value._name}"
        if isinstance(value, (str, int, float)):  # a subclass, which crosses as what it is
            return literal(base(value), self._other)
        if callable(value):
            return self._function(value).name
        self._problem = self._problem or f"a {type(value).__name__} cannot be written"
        return "None"

    def _function(self, function: Callable[..., Any]) -> Function:
        for known, written in self._functions:
            if known is function:
                return written
        name = str(getattr(function, "__name__", type(function).__name__))
        if getattr(builtins, name, None) is function:
            return Function(name, builtin=True)
        name = self._fresh(name if name.isidentifier() else "function")
        import inspect

        written = Function(name, is_async=inspect.iscoroutinefunction(function))
        self._functions.append((function, written))
        return written

    def _called_back(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        written = self._function(function)
        if written.builtin:
            return _forget
        asked = seen((*args, *sorted(kwargs.items())))
        place = len(written.calls)
        written.calls.append((asked, "None"))

        def finish(outcome: Any) -> None:
            written.calls[place] = (asked, self._answer(outcome))

        return finish

    def _answer(self, outcome: Any) -> str:
        if isinstance(outcome, BaseException):
            kind = next(kind.__name__ for kind in type(outcome).__mro__ if kind.__module__ != type(self).__module__)
            return f"Raised({', '.join(map(repr, [kind, *map(str, outcome.args)]))})"
        return self._value(outcome)

    # -- outcomes

    def _tell(self, step: Step, outcome: Any) -> None:
        step.seen = seen(outcome)
        if isinstance(outcome, CellEnded):
            step.seen, step.cut = "", str(outcome.verdict)
        elif isinstance(outcome, SubmissionError):
            step.raised = True
            step.name = self._fresh("error")
            self._names[_key(outcome.remote)] = step.name
        elif isinstance(outcome, Remote):
            if _key(outcome) not in self._names or isinstance(outcome, (Record, EnumValue)):
                step.name = self._fresh(noun(outcome._type_name))
                self._name_inside(outcome, step.name, 0)
        elif isinstance(outcome, (list, tuple, dict)) and holds_objects(outcome):
            step.name = self._fresh("came")
            self._name_inside(outcome, step.name, 0)

    def _name_inside(self, value: Any, path: str, depth: int) -> None:
        if depth > NESTED:
            return
        if isinstance(value, Remote):
            self._names[_key(value)] = path
        if isinstance(value, Record):
            for name, item in value._fields.items():
                self._name_inside(item, f"{path}.{name}", depth + 1)
        elif isinstance(value, (list, tuple)):
            for place, item in enumerate(value[:100]):
                self._name_inside(item, f"{path}[{place}]", depth + 1)
        elif isinstance(value, dict):
            for key, item in list(value.items())[:100]:
                self._name_inside(item, f"{path}[{literal(key, repr)}]", depth + 1)

    def _fresh(self, word: str) -> str:
        word = f"{word}_" if keyword.iskeyword(word) or hasattr(builtins, word) else word
        self._taken[word] = number = self._taken.get(word, 0) + 1
        return word if number == 1 else f"{word}{number}"


def _forget(_outcome: Any) -> None:
    """An outcome that no step needs."""


def _key(remote: Remote) -> tuple[int, int]:
    return id(remote._cell), remote._number


def encode(recording: Recording) -> str:
    return msgspec.json.encode(recording).decode()
