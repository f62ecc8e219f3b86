"""What a repro file does with the values that it sees. Its source goes into every such file, so it stands alone."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import contextlib
import dataclasses
import datetime
import decimal
import enum
import faulthandler
import fractions
import os
import pdb
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import uuid
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

# --- values, as far as they can be compared


class Text(str):
    """What can only be named, such as ``<Cache object>``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Raised:
    """An exception; two are alike when their classes' names are."""

    def __init__(self, name: str, *arguments: object) -> None:
        self.name, self.arguments = name, arguments

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
    if kind in (Text, Record, Raised):
        return value
    if depth > 40:
        return Text("...")
    if kind is list or kind is tuple:
        return kind(plain(item, depth + 1) for item in value)
    if kind is set or kind is frozenset:
        return kind(plain(item, depth + 1) for item in value)
    if isinstance(value, dict) and kind.__module__ in ("builtins", "collections"):
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in dict.items(value)}
    if isinstance(value, BaseException):
        names = [each.__name__ for each in kind.__mro__]
        return Raised(getattr(value, "type_name", names[0]), getattr(value, "message", str(value)))
    if isinstance(value, enum.Enum):
        return Text(f"{kind.__name__}.{value.name}")
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return Record(kind.__name__, {name: plain(getattr(value, name), depth + 1) for name in kind._fields})
    if dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        names = [field.name for field in dataclasses.fields(kind)]
        return Record(kind.__name__, {name: plain(getattr(value, name), depth + 1) for name in names})
    return value if kind in _PLAIN else Text(f"<{getattr(value, '_type_name', kind.__name__)} object>")


_PLAIN = {type(None), bool, int, float, complex, str, bytes}
_PLAIN |= {datetime.date, datetime.time, datetime.datetime, datetime.timedelta}
_PLAIN |= {decimal.Decimal, fractions.Fraction, uuid.UUID, zoneinfo.ZoneInfo}


# --- functions that were handed to your code


def recorded(name: str, calls: list[tuple[Any, ...]], is_async: bool = False) -> Any:
    """A function that answers as it did when it was recorded: ``(arguments, answer)`` for each call."""
    lock, left = threading.Lock(), list(calls)

    def answer(arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        asked = plain((*arguments, *sorted(named.items())))
        with lock:
            same = [call for call in left if call[0] == asked] or [call for call in calls if call[0] == asked][-1:]
            chosen = same[0] if same else left[0] if left else calls[-1] if calls else (asked, None)
            if chosen in left:
                left.remove(chosen)
        if isinstance(chosen[1], Raised):
            kind = asyncio.CancelledError if chosen[1].name == "CancelledError" else getattr(builtins, chosen[1].name)
            raise kind(*chosen[1].arguments)
        return chosen[1]

    def function(*arguments: Any, **named: Any) -> Any:
        return answer(arguments, named)

    async def coroutine_function(*arguments: Any, **named: Any) -> Any:
        await asyncio.sleep(0)
        return answer(arguments, named)

    made = coroutine_function if is_async else function
    made.__name__ = made.__qualname__ = name
    return made


# --- what is looked at in a reply


def at(came: Any, *path: Any) -> Any:
    """The part of ``came`` at the end of ``path``."""
    value = plain(came)
    for key in path:
        if isinstance(value, Record):
            value = value.fields
        try:
            value = value[key]
        except (LookupError, TypeError):
            return Text("nothing")
    return value


def size(came: Any, *path: Any) -> Any:
    """How many items there are at the end of ``path``."""
    value = at(came, *path)
    return len(value) if isinstance(value, (list, tuple, dict, set, frozenset, str, bytes)) else Text("nothing")


def tally(came: Any, *path: Any, label: Any, column: int | None = None) -> Any:
    """How often ``label`` occurs in the list at the end of ``path``, or in that column of its rows."""
    value = at(came, *path)
    if not isinstance(value, (list, tuple)):
        return Text("nothing")
    return [item if column is None else at(item, column) for item in value].count(label)


def ahead(came: Any, *path: Any, column: int, of: tuple[Any, Any]) -> Any:
    """By how many the rows with the first label were ahead of those with the second, at most."""
    rows = at(came, *path)
    if not isinstance(rows, (list, tuple)):
        return Text("nothing")
    most = now = 0
    for row in rows:
        label = at(row, column)
        now += (label == of[0]) - (label == of[1])
        most = max(most, now)
    return most


def text(came: Any) -> Any:
    """The message of an exception."""
    return ": ".join(map(str, [plain(came).name, *plain(came).arguments])) if isinstance(came, Exception) else came


# --- the verdict


class NotThere(BaseException):
    """The fault is not there: the program need not go on."""


class Shown(BaseException):
    """The fault is there."""


def short(value: Any) -> str:
    written = repr(value)
    return written if len(written) <= 200 else f"{written[:120]}... ({len(written):,} characters)"


def alike(got: Any, expected: Any) -> bool:
    """Whether two plain values are equal, floats but for their last digits."""
    if isinstance(got, float) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return got == expected or abs(got - expected) <= 1e-6 * max(1.0, abs(got), abs(expected))
    if type(got) is not type(expected):
        return False
    if isinstance(got, (list, tuple)):
        return len(got) == len(expected) and all(map(alike, got, expected))
    if isinstance(got, dict):
        return got.keys() == expected.keys() and all(alike(got[key], expected[key]) for key in got)
    if isinstance(got, Record):
        return got.name == expected.name and alike(got.fields, expected.fields)
    return bool(got == expected)


def is_number(got: Any) -> bool:
    return isinstance(got, (int, float)) and not isinstance(got, bool)


def demand(right: bool, got: Any, expected: str, came: Any) -> NoReturn:
    """Ends the program: the fault is there unless ``right``."""
    if right:
        raise NotThere
    if isinstance(came, Exception):
        traceback.print_exception(came)
    print(f"expected {expected}, came {short(got)}", file=sys.stderr)
    raise Shown


def watchdog(seconds: float, message: str) -> None:
    """Ends this process with status 1 when the program takes longer than ``seconds``."""

    def give_up() -> None:
        faulthandler.dump_traceback()
        print(message, flush=True)
        os._exit(1)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    if "--pdb" not in sys.argv:
        timer.start()


def stop_in_debugger() -> None:
    if "--pdb" in sys.argv:
        debugger = pdb.Pdb()
        debugger.set_trace(sys._getframe(1))


def import_from(folder: str, module: str, driver: str) -> None:
    """Has ``module`` imported from ``folder``, and the driver, which works beside it, from a folder of its own."""
    found = Path(folder, f"{module}.py").is_file() or Path(folder, module, "__init__.py").is_file()
    if not found:
        sys.exit(f"there is no {module} in {folder}; name the folder that your code lies in")
    beside = tempfile.mkdtemp(prefix="repro-")
    atexit.register(shutil.rmtree, beside, True)
    Path(beside, "driver.py").write_text(driver, encoding="utf-8")
    sys.path[:0] = [str(Path(folder).resolve()), beside]
    sys.dont_write_bytecode = True


def main(program: Callable[[], object], folder: str, module: str, driver: str, message: str, dies: bool) -> int:
    """Runs the program: 1 when it shows the fault, 0 when it does not."""
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if dies and not {"--inside", "--pdb"} & set(sys.argv):  # the process itself ends by it
        status = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--inside"], check=False).returncode
        print(message if status else "the fault is not there", flush=True)
        return 1 if status else 0
    import_from(folders[0] if folders else folder, module, driver)
    try:
        with contextlib.suppress(NotThere):
            program()
    except Shown:
        print(message, flush=True)
        return 1
    except Exception:
        traceback.print_exc()
    print("the fault is not there", flush=True)
    return 0
