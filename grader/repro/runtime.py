"""What a repro file does with the values that it sees. Its source goes into every such file, so it stands alone."""

from __future__ import annotations

import asyncio
import builtins
import dataclasses
import datetime
import decimal
import enum
import fractions
import threading
import time
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

# --- values, as far as they can be compared


class Text(str):
    """What can only be named, such as ``<Cache object>``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Raised:
    """An exception; two are alike when their classes' names are."""

    def __init__(self, name: str, *arguments: object, cause: str | None = None) -> None:
        self.name, self.arguments, self.cause = name, arguments, cause

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raised) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        inside = ": ".join([self.name, *map(str, self.arguments)])
        return inside if len(inside) <= 200 else inside[:197] + "..."


class Record:
    """A named tuple, or a frozen dataclass, by its fields."""

    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        self.name, self.fields = name, fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and (self.name, self.fields) == (other.name, other.fields)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.fields.items())})"


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` with everything in it that is no plain value made a Text, a Record or a Raised."""
    kind = type(value)
    if kind in _PLAIN or kind in (Text, Record, Raised):
        return value
    if depth > 40:
        return Text("...")
    if kind is list or kind is tuple:
        return kind(plain(item, depth + 1) for item in value)
    if kind is set or kind is frozenset:
        return kind(plain(item, depth + 1) for item in value)
    if isinstance(value, dict) and kind.__module__ in ("builtins", "collections"):
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in dict.items(value)}
    if isinstance(getattr(value, "_fields", None), dict):  # of a cell
        return Record(value._type_name, {name: plain(item, depth + 1) for name, item in value._fields.items()})
    if hasattr(value, "_member"):
        return Text(f"{value._type_name}.{value._member}")
    if isinstance(value, BaseException):
        names = [each.__name__ for each in kind.__mro__]
        cause = getattr(value, "cause", None) if hasattr(value, "type_name") else _cause(value)
        return Raised(getattr(value, "type_name", names[0]), getattr(value, "message", str(value)), cause=cause)
    if isinstance(value, enum.Enum):
        return Text(f"{kind.__name__}.{value.name}")
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return Record(kind.__name__, {name: plain(getattr(value, name), depth + 1) for name in kind._fields})
    if dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        names = [field.name for field in dataclasses.fields(kind)]
        return Record(kind.__name__, {name: plain(getattr(value, name), depth + 1) for name in names})
    return Text(f"<{getattr(value, '_type_name', kind.__name__)} object>")


def _cause(error: BaseException) -> str | None:
    return None if error.__cause__ is None else type(error.__cause__).__name__


_PLAIN = {type(None), bool, int, float, complex, str, bytes}
_PLAIN |= {datetime.date, datetime.time, datetime.datetime, datetime.timedelta}
_PLAIN |= {decimal.Decimal, fractions.Fraction, uuid.UUID, zoneinfo.ZoneInfo}


# --- functions that were handed to your code


class After:
    """An answer that is given when all of that holds, or when it was waited for long enough."""

    def __init__(self, waits: list[Callable[[], bool]], answer: Any) -> None:
        self.waits, self.answer = waits, answer


def recorded(name: str, calls: list[tuple[Any, ...]], is_async: bool = False) -> Any:
    """A function that answers as it did when it was recorded: ``(arguments, answer)`` for each call."""
    lock, left = threading.Lock(), list(calls)
    asked_so_far: list[Any] = []

    def chosen(arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        asked = plain((*arguments, *sorted(named.items())))
        with lock:
            asked_so_far.append(asked)
            same = [call for call in left if call[0] == asked] or [call for call in calls if call[0] == asked][-1:]
            call = same[0] if same else left[0] if left else calls[-1] if calls else (asked, None)
            if call in left:
                left.remove(call)
        return call[1]

    def given(answer: Any) -> Any:
        if isinstance(answer, Raised):
            kind = asyncio.CancelledError if answer.name == "CancelledError" else getattr(builtins, answer.name)
            raise kind(*answer.arguments)
        return answer

    def function(*arguments: Any, **named: Any) -> Any:
        answer = chosen(arguments, named)
        return given(answer.answer if isinstance(answer, After) else answer)

    async def coroutine_function(*arguments: Any, **named: Any) -> Any:
        answer = chosen(arguments, named)
        await asyncio.sleep(0)
        for wait in answer.waits if isinstance(answer, After) else ():
            await until(wait, True)
        return given(answer.answer if isinstance(answer, After) else answer)

    made = coroutine_function if is_async else function
    made.__name__ = made.__qualname__ = name
    vars(made)["calls"] = asked_so_far
    return made


def which(came: Any, **known: Any) -> list[str]:
    """The names of those objects that came, or that it is a list of; empty for one that is not known."""
    items = came if isinstance(came, (list, tuple)) else [came]
    return [next((name for name, value in known.items() if value is item), "") for item in items]


def waited(reading: Callable[[], Any], value: Any) -> Any:
    """The reading once it is ``value``, or as it is after a while."""
    for _ in range(400):
        if reading() == value:
            break
        time.sleep(0.005)
    return reading()


async def until(reading: Callable[[], Any], value: Any) -> Any:
    """As ``waited``, beside others."""
    for _ in range(400):
        if reading() == value:
            break
        await asyncio.sleep(0.005)
    return reading()
