"""What a check did to the submission, kept cheaply and rendered as a Python session only when the check fails."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable
from typing import Any

from hypothesis import control

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.recording import Outcome
from grader.cell.remote import EnumValue, Method, Record, Remote
from grader.suite.keeping import kept
from grader.suite.relevant import relevant
from grader.suite.requests import request, shortened
from grader.suite.shortly import shortly
from grader.suite.spelling import SPELLED, noun

MAX_LINES = 40
_MAX_CALLS = 20_000  # that are kept
_UNSET: Any = object()


class Entry:
    """One call, callback or remark, with its outcome."""

    __slots__ = ("args", "kind", "kwargs", "name", "outcome", "target")

    def __init__(self, kind: str, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.kind, self.target, self.name, self.args, self.kwargs = kind, target, name, args, kwargs
        self.outcome: Any = _UNSET

    def finish(self, outcome: Any) -> None:
        """Told by the cell: a value or an exception."""
        self.outcome = kept(outcome)


class Transcript:
    """The calls of one check: those before any Hypothesis example, and those of the latest example."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._before: list[Entry] = []
        self._example: list[Entry] = []
        self._context: Any = None
        self._parts: list[tuple[Remote, str, str]] = []

    def record(self, kind: str, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
        """Keeps one call; the answer is to be told its outcome."""
        entry = Entry(kind, target, name, args, kwargs)
        self._keep(entry)
        return entry.finish

    def _keep(self, entry: Entry) -> None:
        context = control._current_build_context.value
        if context is None:
            if self._context is not None:  # the examples passed, and the check goes on
                self._context, self._example = None, []
            self._before.append(entry)
        else:
            if context is not self._context:
                self._context = context
                self._example = []
            self._example.append(entry)
        _bound(self._before if context is None else self._example)

    def beside(self, kind: str, name: str, args: tuple[Any, ...], outcome: Any) -> None:
        """Keeps what another thread than the check's has seen."""
        entry = Entry(kind, None, name, args, {})
        entry.finish(outcome)
        entries = self._before if self._context is None else self._example
        entries.append(entry)
        _bound(entries)

    def not_imported(self, failure: SubmissionError | CellEnded) -> None:
        """Keeps that the submission cannot be imported."""
        self._keep(entry := Entry("import", None, self._module, (), {}))
        entry.finish(failure)

    def part(self, made: Remote, name: str, source: str) -> None:
        """Names an object that the check was given; ``source`` says how one gets such a thing."""
        self._parts = [part for part in self._parts if part[1] != name]
        self._parts.append((made, name, source))

    def line(self, text: str) -> Callable[[str], None]:
        """Keeps a line that is rendered already, such as a ``curl`` command; what is given may put another there."""
        entry = Entry("line", None, text, (), {})
        self._keep(entry)

        def replace(whole: str) -> None:
            entry.name = whole

        return replace

    def advanced(self, seconds: float) -> None:
        """Keeps that the check lets virtual time pass."""
        self.line(f"virtual_time.advance({seconds!r})")

    def render(self, module: Remote, driver: Remote | None = None) -> str:
        """The calls as a Python session, at most ``MAX_LINES`` long."""
        session = _Session(self._module, module, driver)
        for made, name, _ in self._parts:
            session.give(made, name)
        roots = (module, driver, *[made for made, _, _ in self._parts])
        text = session.render([*relevant(self._before, self._example, roots), *self._example])
        parts = [line for _, name, line in self._parts if re.search(rf"\b{name}\b", text)]
        return "\n".join([*parts, text])


class _Session:
    """Gives names to objects and spells calls."""

    def __init__(self, module_name: str, module: Remote, driver: Remote | None) -> None:
        self._module_name = module_name
        self._module = module
        self._driver = driver
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []
        self._imported: list[str] = []
        self._taken: dict[str, int] = {}

    def render(self, entries: list[Entry]) -> str:
        lines: list[str] = []
        position = 0
        while position < len(entries):
            entry = entries[position]
            following = entries[position + 1] if position + 1 < len(entries) else None
            if following is not None and following.kind == "await" and following.target is entry.outcome:
                lines += self._statement("await " + self._expression(entry), following.outcome)
                position += 2
                continue
            lines += self._lines(entry)
            position += 1
        if self._imported:
            lines.insert(0, f"from {self._module_name} import {', '.join(self._imported)}")
        return "\n".join(shortened(lines, MAX_LINES))

    def _lines(self, entry: Entry) -> list[str]:
        if entry.kind == "line":
            return entry.name.splitlines()
        if entry.kind == "import":
            return self._statement(f"import {entry.name}", entry.outcome)
        if entry.kind == "serve":
            parts = [self._value(value) for value in entry.args]
            call = ", ".join([*parts, *[f"{name}={self._value(value)}" for name, value in entry.kwargs.items()]])
            raised = self._arrow(entry.outcome) if isinstance(entry.outcome, BaseException) else ""
            return [f"# {entry.name}({call}) is served {entry.target}{raised}"]
        if entry.kind == "get" and isinstance(entry.outcome, Method):
            return []
        if entry.kind == "get" and entry.target is self._module and isinstance(entry.outcome, Remote):
            self._name(entry.outcome, entry.name)
            if entry.name not in self._imported:
                self._imported.append(entry.name)
            return []
        of_driver = self._driver is not None and entry.target is self._driver
        if entry.kind == "get" and of_driver and isinstance(entry.outcome, Remote):
            self._name(entry.outcome, f"driver.{entry.name}")
            return []
        if entry.kind == "asked":
            return [request(entry.name, entry.args, entry.outcome)]
        if entry.kind == "back":
            return [f"#   your code calls {self._expression(entry)}{self._arrow(entry.outcome)}"]
        if entry.kind == "operate" and entry.name not in SPELLED:
            return []
        if entry.name == "len" and isinstance(entry.outcome, SubmissionError) and "no len()" in entry.outcome.message:
            return []  # Python's own question on the way to list()
        return self._statement(self._expression(entry), entry.outcome)

    def _expression(self, entry: Entry) -> str:
        parts = [self._value(value) for value in entry.args]
        call = ", ".join([*parts, *[f"{name}={self._value(value)}" for name, value in entry.kwargs.items()]])
        if entry.kind == "operate":
            return SPELLED.get(entry.name, entry.name + "({0})").format(*parts, "", "", "")
        if entry.kind == "await":
            inside = self._value(entry.target) if entry.target is not None else f"{entry.name}({call})"
            return f"await {inside}"
        if entry.kind == "back":
            return f"{entry.name}({call})"
        target = self._value(entry.target)
        if entry.kind == "get":
            return f"{target}.{entry.name}"
        if entry.kind == "set":
            return f"{target}.{entry.name} = {call}"
        return f"{target}.{entry.name}({call})" if entry.kind == "method" else f"{target}({call})"

    def _statement(self, expression: str, outcome: Any) -> list[str]:
        is_value = isinstance(outcome, (Record, EnumValue))
        if isinstance(outcome, Remote) and not is_value and id(outcome) not in self._names:
            return [f"{self._name(outcome)} = {expression}"]
        return [expression + self._arrow(outcome)]

    def _arrow(self, outcome: Any) -> str:
        if outcome is _UNSET:
            return "  # no answer"
        if isinstance(outcome, SubmissionError):
            return f"  # raises {shortly(outcome.line, 200, quote=False)}"
        if isinstance(outcome, CellEnded):
            return f"  # {outcome.message}"
        if isinstance(outcome, BaseException):
            text = shortly(str(outcome), 100, quote=False)
            return f"  # raises {type(outcome).__name__}{text and f': {text}'}"
        return "" if outcome is None else f"  # -> {self._value(outcome)}"

    def _value(self, value: Any) -> str:
        name = self._names.get(id(value))
        if name is not None:
            return name
        if value is self._module:
            return self._module_name
        if self._driver is not None and value is self._driver:
            return "driver"
        return shortly(value, names=self._names)

    def _name(self, remote: Remote, name: str = "") -> str:
        if not name:
            base = noun(remote._type_name)
            base = f"{base}_" if keyword.iskeyword(base) else base
            self._taken[base] = number = self._taken.get(base, int(self._shadows(base))) + 1
            name = base if number == 1 else f"{base}{number}"
        return self.give(remote, name)

    def give(self, remote: Remote, name: str) -> str:
        """Has ``remote`` called ``name``."""
        self._names[id(remote)] = name
        self._kept.append(remote)
        return name

    def _shadows(self, name: str) -> bool:
        """Whether a variable of that name would hide what the session needs."""
        return name in self._imported or name in ("driver", self._module_name) or hasattr(builtins, name)


def _bound(entries: list[Entry]) -> None:
    """Forgets the middle of what is too much: a submission may call back without end, and its last calls tell more."""
    if len(entries) > _MAX_CALLS:
        del entries[MAX_LINES : _MAX_CALLS // 2]
