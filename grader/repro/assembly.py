"""Puts the parts of a program into one file: head, imports, what every file carries, what was seen, what was done."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

from grader.repro.literals import IMPORTS
from grader.repro.python import ROOT

_RUNTIME = [Path(__file__).with_name(name) for name in ("runtime.py", "verdict.py")]
#: What a watched program needs: the very classes that those who watch it compare.
WATCHED = """\
import asyncio
import datetime
import threading
import time
import zoneinfo

from grader.repro.runtime import After, Raised, Record, Text, plain, recorded, until, waited, which
from grader.replay import asked, printed
from grader.services import Answer, Hang, Reset"""
_PATH = """\
# --- modules of the kit: run this with the Python that the kit was installed for

sys.path.append(KIT)"""
_PARTS = """
from grader.cell.deaths import CellEnded  # noqa: E402
from grader.replay import asked, play, printed
from grader.services import Answer, Hang, Reset"""
_FUTURE = "from __future__ import annotations\n"


def head(exercise: str, title: str, message: str) -> str:
    shown = message.replace("\\", "\\\\").replace('"""', "'''")
    return (
        f'"""{exercise}: {title}\n\n    {shown}\n\n'
        "Run it with plain Python; it ends with status 1 where that shows and with 0 where it does not.\n\n"
        "    python FILE              tries your own code, in FOLDER\n"
        "    python FILE DIR          tries the code in another folder\n"
        '    python FILE --pdb        stops in the debugger before the call that shows it\n"""\n'
    )


def to_be_watched(seen: list[str], program: list[str]) -> str:
    """A module of those lines."""
    return "\n".join([_FUTURE, *_named(seen, program), WATCHED, "", *seen, "", *program, ""])


def to_hand_out(
    head: str, program: list[str], seen: list[str], ending: list[str], *, with_kit: bool, parts: bool
) -> str:
    """The file: what was done comes first, then what every file carries and what was seen, last what runs it.

    ``with_kit`` is for a program that needs modules of the kit, ``parts`` for one that needs its real parts.
    """
    carried = [path.read_text(encoding="utf-8").partition(_FUTURE)[2].split("\n# ---", 1) for path in _RUNTIME]
    own = {line for text, _ in carried for line in text.splitlines() if line and "grader" not in line}
    helpers = [f"\n# ---{body.rstrip()}\n\n" for _, body in carried]
    if with_kit:
        helpers.append(f"\n{_PATH.replace('KIT', repr(str(ROOT)))}{_PARTS if parts else ''}\n\n")
    lines = [f"{head}\n{_FUTURE}", *_sorted({*own, *_named(seen, program)}), "", ""]
    lines += ["# --- what was done", "", "", *program, "", *helpers]
    return "\n".join([*lines, "\n# --- what was seen", "", *seen, "", "", *ending, ""])


def _named(seen: list[str], program: list[str]) -> list[str]:
    """Imports of what literals name."""
    text = "\n".join([*seen, *program])
    needed = {line for sign, line in IMPORTS.items() if sign in text}
    return sorted(needed | ({"import operator"} if "operator." in text else set()))


def _sorted(imports: Iterable[str]) -> list[str]:
    """Imports in order, one line a module."""
    names: dict[str, set[str]] = {}
    for line in imports:
        module, _, named = line.removeprefix("from ").removeprefix("import ").partition(" import ")
        names.setdefault(f"from {module}" if named else module, set()).update(filter(None, named.split(", ")))
    modules = sorted(names, key=lambda module: (module.startswith("from"), module))
    return [f"{each} import {', '.join(sorted(names[each]))}" if names[each] else f"import {each}" for each in modules]


def is_with_kit(program: str) -> bool:
    """Whether a whole file imports modules of the kit."""
    return _PATH.partition("\n")[0] in program


def long(source: str) -> str:
    """A text over several lines as Python writes it for people."""
    if "'''" in source or (not source.isascii() and "\\" in source):
        return repr(source)
    return "r'''" + textwrap.dedent(source) + "'''" if not source.endswith("\\") else repr(source)
