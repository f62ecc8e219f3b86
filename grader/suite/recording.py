"""Everything that one check did to the submission, step by step, written as Python source while it happens.

What is kept is text: no value stays alive, and what changes later has been written as it was.
"""

from __future__ import annotations

import builtins
from typing import Any

import msgspec
from hypothesis import control

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.remote import EnumValue, Method, Record, Remote
from grader.repro.literals import literal
from grader.repro.steps import Recording, Step
from grader.suite.given import Given
from grader.suite.names import Names, drawn
from grader.suite.spelling import SPELLED, noun
from grader.suite.written import base, holds_objects, seen, tell


class Recorder:
    """Told of each call like a transcript; ``finished()`` gives the steps."""

    def __init__(self, module: str, subject: Remote, driver: Remote) -> None:
        self._module = module
        #: The variables of the program.
        self.names = Names((subject, module), (driver, "driver"))
        self._steps: list[Step] = []
        #: What was handed to the submission, and its services.
        self.given = Given(self.names.fresh, self._value, self._draw_of_call)
        self._parts: dict[str, str] = {}
        self._context: Any = None
        self._had_examples = False
        self._kept = 0  # how many steps came before the current example
        #: Whether what happens now is the grader's own doing.
        self.is_quiet = False
        #: What the program must take from the kit, such as virtual time.
        self.kit: set[str] = set()
        self._problem = ""

    # -- what happens

    def record(self, kind: str, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Keeps one call; the answer is to be told its outcome."""
        self._notice_example()
        if self.is_quiet:
            return _forget
        if kind == "back":
            return self.given.called(target, args, kwargs)
        text, is_statement = self._spell(kind, target, name, args, kwargs)
        if not text:
            return _forget
        step = Step(text, is_statement=is_statement, is_awaited=text.startswith("await "))
        self._steps.append(step)

        def finish(outcome: Any) -> None:
            if kind == "get" and isinstance(outcome, Method):
                step.text = ""  # named where it is called
            elif kind == "get" and type(outcome) is Remote:
                self.names.give(outcome, text)
                step.text = ""
            else:
                step.ended = len(self._steps)
                self._tell(step, outcome)

        return finish

    def not_imported(self, failure: SubmissionError | CellEnded) -> None:
        """The submission cannot be imported: whatever the check has prepared, that is all that happened."""
        self._notice_example()
        self._steps, self._kept = [Step(f"import {self._module}", is_statement=True, ended=1)], 0
        tell(self._steps[0], failure)
        self._parts = {}

    def use(self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_async: bool = False) -> Step:
        """A use of a part, which ``path`` spells; ``used`` is to be told what it gave."""
        self._notice_example()
        parts = [*map(self._value, args), *[f"{key}={self._value(value)}" for key, value in kwargs.items()]]
        step = Step(f"{'await ' if is_async else ''}{path}({', '.join(parts)})", is_awaited=is_async)
        self._steps.append(step)
        return step

    def used(self, step: Step, outcome: Any) -> None:
        """What a use of a part gave; None is not looked at."""
        step.ended = len(self._steps)
        if outcome is not None:
            tell(step, outcome)

    def part(self, name: str, made: Remote | None, source: str) -> None:
        """A part of the check that the program makes itself, by that source, such as a clock."""
        self._notice_example()
        self._parts.setdefault(name, source)
        if made is not None:
            self.names.part(made, name)

    def note(
        self, text: str, outcome: Any = None, *, name: str = "", measured: bool = False, is_statement: bool = False
    ) -> str:
        """A step that is no call into the cell, such as a reading of a clock; the name of what it gave."""
        self._notice_example()
        step = Step(text, measured=measured, is_statement=is_statement)
        self._steps.append(step)
        step.name = name
        step.ended = len(self._steps)
        step.seen = "" if outcome is None else seen(outcome)
        return step.name

    def observe(self, text: str, value: Any) -> None:
        """A reading of a part. Of readings of the same thing one after the other the last counts: it was waited for."""
        self._notice_example()
        if self.given.waits_for(text, seen(value)):
            return
        last = self._steps[-1] if self._steps else None
        if last is None or last.text not in (text, f"waited(lambda: {text}, {last.seen})"):
            self._steps.append(Step(text, seen=seen(value), ended=len(self._steps) + 1))
        elif last.seen != seen(value):
            last.text, last.seen = f"waited(lambda: {text}, {seen(value)})", seen(value)

    def draw(self, step: Step, path: str, word: str) -> None:
        """A word in a reply that no request had: later requests that have it take it from the reply."""
        if not self._is_new(word):
            return
        step.name = step.name or self.names.fresh("reply")
        name = self.names.fresh("word")
        reading = Step(f"{step.name}{path}", name=name, ended=len(self._steps) + 1, is_reading=True, word=word)
        self._steps.append(reading)
        self.names.places[word] = name

    def _draw_of_call(self, word: str, place: str) -> None:
        if self._is_new(word):
            self.names.places[word] = place

    def _is_new(self, word: str) -> bool:
        """Whether a word is none that the submission was told."""
        told = (repr(word), f"/{word}")
        return word not in self.names.places and not any(sign in step.text for step in self._steps for sign in told)

    def keep(self, value: Any, made: Remote) -> None:
        """An object of the cell that starts as a copy of ``value``."""
        self._notice_example()
        step = Step(self._value(value), ended=len(self._steps) + 1, seen=seen(made))
        step.name = self.names.fresh("kept")
        self.names.give(made, step.name)
        self._steps.append(step)

    def finished(self, message: str, left: Any, right: Any) -> Recording:
        """The steps, what was said of them, and the two values that were compared last, if any were."""
        steps, begun = list[Step](), [0]
        for step in self._steps:
            steps += [step] if step.text else []
            begun.append(len(steps))
        for step in steps:
            step.ended = begun[min(step.ended, len(self._steps))]
        self.names.name_repeated(steps)
        tables = self.given.tables([step.text for step in steps])
        for table in tables:
            if not table.is_service:
                calls = f"[{', '.join(asked for asked, _ in table.calls)}]"
                steps.append(Step(f"{table.name}.calls", seen=calls, ended=len(steps) + 1))
        return Recording(
            self._module, steps, tables, self._parts, message,
            seen(left), seen(right), self._problem, self._had_examples, sorted(self.kit),
        )  # fmt: skip

    # -- examples of Hypothesis

    def _notice_example(self) -> None:
        context = control._current_build_context.value
        if context is not None and context is not self._context:
            self._had_examples = True
            if self._context is None:
                self._kept = len(self._steps)
                self._known = (self.names.save(), self.given.save())
            del self._steps[self._kept :]
            for restore in self._known:
                restore()
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
        return self.names.placed(literal(value, self._other))

    def _other(self, value: Any) -> str:
        if isinstance(value, Remote):
            name = self.names.of(value)
            if not name:
                self._problem = self._problem or f"{value!r} came out of nowhere"
            return name or "None"
        if isinstance(value, Method):
            return f"{self._other(value._owner)}.{value._name}"
        if isinstance(value, (str, int, float)):  # a subclass, which crosses as what it is
            return literal(base(value), self._other)
        if callable(value):
            return self.given.function(value).name
        self._problem = self._problem or f"a {type(value).__name__} cannot be written"
        return "None"

    # -- outcomes

    def _tell(self, step: Step, outcome: Any) -> None:
        tell(step, outcome)
        known = self.names.known(outcome)
        if isinstance(outcome, CellEnded):
            return
        if isinstance(outcome, SubmissionError):
            step.name = self.names.fresh("error")
            self.names.give(outcome.remote, step.name)
        elif isinstance(outcome, Remote):
            if not self.names.of(outcome) or isinstance(outcome, (Record, EnumValue)):
                step.name = self.names.fresh(noun(outcome._type_name))
                self.names.give(outcome, step.name)
        elif isinstance(outcome, (list, tuple, dict)) and holds_objects(outcome):
            step.name = self.names.fresh("answer")
            self.names.give(outcome, step.name)
        elif isinstance(outcome, (int, float)) and step.text.startswith("driver."):
            step.name = self.names.fresh("figure")
        else:
            for path, word in drawn(outcome, "", secret=True):
                self.draw(step, path, word)
        if any(known):
            self._tell_which(step, known)

    def _tell_which(self, step: Step, known: list[str]) -> None:
        """Which of the objects that have a name came, for they all look alike."""
        step.name = step.name or self.names.fresh("answer")
        named = [f"{name}={name}" for name in dict.fromkeys(known) if name]
        text = f"which({', '.join([step.name, *named])})"
        self._steps.append(Step(text, seen=repr(known), ended=len(self._steps) + 1, is_reading=True))


def _forget(_outcome: Any) -> None:
    """An outcome that no step needs."""


def encode(recording: Recording) -> str:
    return msgspec.json.encode(recording).decode()
