"""Puts the parts of a program into one file: head, imports, what every file carries, what was seen, what was done."""

from __future__ import annotations

import textwrap
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


def assembled(head: str, runtime: str, seen: list[str], program: list[str]) -> str:
    """The whole file; ``seen`` and ``program`` are lines."""
    text = "\n".join([*seen, *program])
    needed = {line for sign, line in IMPORTS.items() if sign in text}
    imports = sorted(needed - {"import datetime", "import zoneinfo"})  # the runtime has those
    imports += ["import operator"] if "operator." in text else []
    whole = ["", "", "# --- what was seen", "", *seen, "", "", "# --- what was done", "", *program, ""]
    return "\n".join([head + "\n" + _FUTURE, *imports, runtime, *whole])


def runtime(*, with_kit: bool, with_parts: bool) -> str:
    """The source of what every file carries: the imports of both parts, then what they define; then the way to the
    kit's modules, if any are needed, and its real parts, which are such.
    """
    texts = [path.read_text(encoding="utf-8").partition(_FUTURE)[2].split("\n# ---", 1) for path in _RUNTIME]
    imports = {line for text, _ in texts for line in text.splitlines() if line and "grader" not in line}
    plain = sorted(imports, key=lambda line: (line.startswith("from"), line))
    source = "\n".join([*plain, "", *["\n# ---" + body.rstrip() + "\n" for _, body in texts]]).rstrip()
    if not with_kit:
        return source
    return f"{source}\n\n\n{_PATH.replace('KIT', repr(str(ROOT)))}{_PARTS if with_parts else ''}"


def is_with_kit(program: str) -> bool:
    """Whether a whole file imports modules of the kit."""
    return _PATH.partition("\n")[0] in program


def long(source: str) -> str:
    """A text over several lines as Python writes it for people."""
    if "'''" in source or (not source.isascii() and "\\" in source):
        return repr(source)
    return "r'''" + textwrap.dedent(source) + "'''" if not source.endswith("\\") else repr(source)
