"""What a repro file looks at in what it sees, how it decides, and how it is run. It goes into every such file, after
``runtime``.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import os
import pdb
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from grader.repro.runtime import Raised, Record, Text, plain

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


def tally(came: Any, *path: Any, label: Any, column: int | str | None = None) -> Any:
    """How often ``label`` occurs in the list at the end of ``path``, or in that column of its rows."""
    value = at(came, *path)
    if not isinstance(value, (list, tuple)):
        return Text("nothing")
    return [item if column is None else at(item, column) for item in value].count(label)


def distinct(came: Any, *path: Any, column: int) -> Any:
    """How many different values there are in that column of the rows at the end of ``path``."""
    rows = at(came, *path)
    return len({repr(at(row, column)) for row in rows}) if isinstance(rows, (list, tuple)) else Text("nothing")


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


def after(came: Any, *path: Any, column: int, of: tuple[Any, Any]) -> Any:
    """How many rows with the second label come after the first row with the first label."""
    rows = at(came, *path)
    if not isinstance(rows, (list, tuple)):
        return Text("nothing")
    labels = [at(row, column) for row in rows]
    return labels[labels.index(of[0]) :].count(of[1]) if of[0] in labels else 0


def without(came: Any, *path: Any, of: tuple[Any, ...]) -> Any:
    """The text at the end of ``path`` without that at the end of ``of``, which was drawn at random."""
    value, word = at(came, *path), at(came, *of)
    return value.replace(word, "*") if isinstance(value, str) and isinstance(word, str) and word else value


def alphabet(came: Any, *path: Any) -> Any:
    """The smallest of some usual alphabets that the text at the end of ``path`` is written in."""
    value = at(came, *path)
    usual = ("0-9", "0-9a-f", "0-9a-z", "0-9A-Za-z", "0-9A-Za-z_-")
    return next((signs for signs in usual if isinstance(value, str) and re.fullmatch(f"[{signs}]+", value)), "other")


def ratio(came: Any, of: Any, to: Any) -> Any:
    """How many times the number at ``to`` the one at ``of`` is."""
    number, other = at(came, of), at(came, to)
    return number / max(other, 1e-9) if is_number(number) and is_number(other) else Text("nothing")


def cause(came: Any) -> Any:
    """The class of the exception that an exception was raised from."""
    return plain(came).cause if isinstance(came, (BaseException, Raised)) else Text("no exception")


def text(came: Any) -> Any:
    """The message of an exception."""
    return (
        ": ".join(map(str, [plain(came).name, *plain(came).arguments]))
        if isinstance(came, (BaseException, Raised))
        else came
    )


# --- the verdict

_CAME_TO_ITS_END = 73  # the status of a program that may have died in between, with whatever status


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
    if isinstance(came, BaseException):
        own = getattr(came, "traceback", "") if hasattr(came, "type_name") else ""  # of a cell: your own frames
        print(own or "".join(traceback.format_exception(came)), file=sys.stderr)
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


def main(
    program: Callable[[str], object],
    folder: str,
    module: str,
    driver: str,
    message: str,
    *,
    dies: bool = False,
    tries: int = 1,
) -> int:
    """Runs the program, ``tries`` times if need be: 1 when it shows the fault, 0 when it does not."""
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if dies and not {"--inside", "--pdb"} & set(sys.argv):  # the process itself ends by it
        status = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--inside"], check=False).returncode
        is_there = status != _CAME_TO_ITS_END
        print(message if is_there else "the fault is not there", flush=True)
        return int(is_there)
    folder = folders[0] if folders else folder
    import_from(folder, module, driver)
    try:
        for _ in range(tries):
            with contextlib.suppress(NotThere):
                program(folder)
    except Shown:
        print(message, flush=True)
        return 1
    except Exception:
        traceback.print_exc()
    if "--inside" in sys.argv:
        return _CAME_TO_ITS_END
    print("the fault is not there", flush=True)
    return 0
