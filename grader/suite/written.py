"""What a cell gave, as source: plain values as they are, all else by what can be said of it."""

from __future__ import annotations

import re
from typing import Any

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.remote import EnumValue, Record, Remote
from grader.repro.literals import literal
from grader.repro.steps import Step

NESTED = 4  # levels of a reply in which objects are looked for


def seen(value: Any) -> str:
    """A literal of ``value``, with the words of ``grader.repro.runtime`` for what is not plain."""
    return literal(value, _other)


def tell(step: Step, outcome: Any) -> None:
    """Keeps in a step what it gave: a value, an exception, or the end of the cell."""
    if isinstance(outcome, CellEnded):
        step.cut = str(outcome.verdict)
        return
    step.seen = seen(outcome)
    if isinstance(outcome, BaseException):
        classes = [each.__name__ for each in type(outcome).__mro__]
        names = outcome.names if isinstance(outcome, SubmissionError) else classes
        step.raised = "Exception" if "Exception" in names else "BaseException"


def _other(value: Any) -> str:
    if isinstance(value, SubmissionError):
        return f"Raised({value.type_name!r}, {value.message!r}, cause={value.cause!r})"
    if isinstance(value, BaseException):
        return f"Raised({type(value).__name__!r})"
    if isinstance(value, Record):
        return f"Record({value._type_name!r}, {literal(value._fields, _other)})"
    if isinstance(value, EnumValue):
        return f"Text({f'{value._type_name}.{value._member}'!r})"
    if isinstance(value, Remote):
        return f"Text({f'<{value._type_name} object>'!r})"
    if isinstance(value, (str, int, float)):
        return literal(base(value), _other)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):  # the suite's own
        return f"Record({type(value).__name__!r}, {literal(value._asdict(), _other)})"
    return f"Text({f'<{type(value).__name__} object>'!r})"


def base(value: str | int | float) -> str | int | float:
    """The value without its own class."""
    if isinstance(value, str):
        return str.__str__(value)
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)


def holds_objects(value: Any, depth: int = 0) -> bool:
    """Whether there is an object of the cell in a reply."""
    if isinstance(value, Remote):
        return True
    if depth > NESTED:
        return False
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return any(holds_objects(item, depth + 1) for item in list(items)[:100])


def with_place(text: str, found: str, place: str) -> str:
    """The literal with the text ``found`` in its strings replaced by the expression ``place``."""

    def placed(match: re.Match[str]) -> str:
        prefix, before, after = match.groups()
        if prefix != "f":
            before, after = _braced(before), _braced(after)
        return f"f'{before}{{{place}}}{after}'" + (".encode('latin-1')" if prefix == "b" else "")

    return re.sub(rf"(\b[bf])?'([^'\n]*?){re.escape(found)}([^'\n]*)'", placed, text)


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
