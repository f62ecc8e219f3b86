"""Writes a recording as a program: whole, to be watched; or up to the step that decides, to be handed out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.repro.literals import IMPORTS
from grader.repro.steps import Function, Recording, Step

_RUNTIME = Path(__file__).with_name("runtime.py")
#: What a watched program needs of the runtime: the very classes that those who watch it compare.
_IMPORTED = """\
import asyncio
import datetime
import threading
import time
import zoneinfo

from grader.repro.runtime import Raised, Record, Text, plain, recorded"""
_FUTURE = "from __future__ import annotations\n"


@dataclass(frozen=True)
class Subject:
    """What a program is about."""

    exercise: str  # "week2/lru_cache"
    title: str  # of the check
    folder: str  # where the submission lies unless another is named
    driver: str  # source, or empty


@dataclass(frozen=True)
class Decision:
    """The step that shows the fault, and how it is told: ``got`` is made of ``came`` and held against a demand."""

    step: int
    got: str = "came"
    demand: str = ""  # an expression of ``got``; empty: the step must come to its end
    expected: str = ""  # in words
    cut: str = ""  # the verdict that ended the cell in that step
    seconds: float = 0.0  # that the step may take, where that is what is wrong with it


def watched(recording: Recording, subject: Subject) -> str:
    """A module whose ``program(see)`` tells ``see`` of every step; ``CAME`` is what the steps gave when recorded."""
    lines = []
    for number, step in enumerate(recording.steps):
        if step.is_statement:
            lines += [f"with see.doing({number}):", f"    {step.text}"]
        elif step.is_awaited:
            lines.append(f"{_assigned(step)}await see.awaiting({number}, lambda: {step.text.removeprefix('await ')})")
        else:
            lines.append(f"{_assigned(step)}see({number}, lambda: {step.text})")
    came = [f"    {number}: {step.seen}," for number, step in enumerate(recording.steps) if step.seen]
    tables = [f"STEPS = {[step.text[:80] for step in recording.steps]!r}"]
    tables += ["CAME = {", *came, "}", f"LEFT, RIGHT = {recording.left}, {recording.right}"]
    tables += [f"MODULE, DRIVER = {recording.module!r}, {subject.driver if _uses(recording, 'driver') else ''!r}"]
    body = [f"import {recording.module}", *_driver_import(recording), *lines]
    program = _function(_is_async(recording.steps), "program", "see", body)
    return _assembled(recording, "", _IMPORTED, tables, program)


def handed_out(recording: Recording, subject: Subject, decision: Decision) -> str:
    """The file for a learner."""
    steps = recording.steps[: decision.step + 1]
    later = [" ".join([step.text for step in steps[number + 1 :]] + [decision.got]) for number in range(len(steps))]
    lines: list[str] = []
    for number, step in enumerate(steps[:-1]):
        lines += _done(step, bool(step.name and re.search(rf"\b{step.name}\b", later[number])))
    lines += _decided(steps[-1], decision)
    body = [f"import {recording.module}", *_driver_import(recording), "", *lines]
    message = recording.message.partition("\n")[0]
    tables = [f"MODULE = {recording.module!r}", f"FOLDER = {subject.folder!r}", f"MESSAGE = {message!r}"]
    tables += [f"DRIVER = {_long(subject.driver) if _uses(recording, 'driver') else repr('')}"]
    tables += [f"DIES = {decision.cut not in ('', 'timeout')}"]
    is_async = _is_async(steps)
    ending = "asyncio.run(program())" if is_async else "program()"
    last = f"    sys.exit(main(lambda: {ending}, FOLDER, MODULE, DRIVER, MESSAGE, DIES))"
    main = ["", "", 'if __name__ == "__main__":', last]
    runtime = _RUNTIME.read_text(encoding="utf-8").partition(_FUTURE)[2].strip()
    program = _function(is_async, "program", "", body) + main
    return _assembled(recording, _head(subject, message), runtime, tables, program)


def _head(subject: Subject, message: str) -> str:
    shown = message.replace("\\", "\\\\").replace('"""', "'''")
    return (
        f'"""{subject.exercise}: {subject.title}\n\n    {shown}\n\n'
        "Run it with plain Python; it ends with status 1 where that shows and with 0 where it does not.\n\n"
        "    python FILE              tries your own code, in FOLDER\n"
        "    python FILE DIR          tries the code in another folder\n"
        '    python FILE --pdb        stops in the debugger before the call that shows it\n"""\n'
    )


def _assembled(recording: Recording, head: str, runtime: str, tables: list[str], program: list[str]) -> str:
    functions = [line for function in recording.functions for line in _table(function)]
    parts = list(recording.parts.values())
    text = "\n".join([*tables, *functions, *parts, *program])
    needed = {line for sign, line in IMPORTS.items() if sign in text}
    imports = sorted(needed - {"import datetime", "import zoneinfo"})  # the runtime has those
    imports += ["import operator"] if "operator." in text else []
    seen = ["", "", "# --- what was seen", "", *tables, "", *functions, *parts]
    done = ["", "", "# --- what was done", "", *program, ""]
    return "\n".join([head + "\n" + _FUTURE, *imports, runtime, *seen, *done])


def _function(is_async: bool, name: str, arguments: str, body: Iterable[str]) -> list[str]:
    return [f"{'async ' if is_async else ''}def {name}({arguments}):", *[f"    {line}".rstrip() for line in body]]


def _table(function: Function) -> list[str]:
    calls = [f"    ({asked}, {answer})," for asked, answer in function.calls]
    return [f"{function.name} = recorded({function.name!r}, [", *calls, f"], is_async={function.is_async})"]


def _done(step: Step, is_needed: bool) -> list[str]:
    """A step before the one that decides."""
    line = f"{step.name} = {step.text}" if is_needed and not step.is_statement else step.text
    if not step.raised:
        return [line]
    if not is_needed:
        return ["with contextlib.suppress(Exception):", f"    {step.text}"]
    return ["try:", f"    {step.text}", "except Exception as raised:", f"    {step.name} = raised"]


def _decided(step: Step, decision: Decision) -> list[str]:
    line = step.text if step.is_statement else f"came = {step.text}"
    if decision.cut:
        waits = [f"watchdog({decision.seconds!r}, MESSAGE)"] if decision.cut == "timeout" else []
        return [*waits, "stop_in_debugger()", line, "raise NotThere"]
    return [
        "came = None", "stop_in_debugger()", "try:", f"    {line}", "except Exception as error:", "    came = error",
        f"got = {decision.got}",
        f"demand({decision.demand}, got, {decision.expected!r}, came)",
    ]  # fmt: skip


def _assigned(step: Step) -> str:
    return f"{step.name} = " if step.name else ""


def _is_async(steps: Iterable[Step]) -> bool:
    return any(step.is_awaited for step in steps)


def _uses(recording: Recording, name: str) -> bool:
    return any(re.search(rf"\b{name}\b", step.text) for step in recording.steps)


def _driver_import(recording: Recording) -> list[str]:
    return ["import driver"] if _uses(recording, "driver") else []


def _long(source: str) -> str:
    """A text over several lines as Python writes it for people."""
    if "'''" in source or (not source.isascii() and "\\" in source):
        return repr(source)
    return "r'''" + textwrap.dedent(source) + "'''" if not source.endswith("\\") else repr(source)
