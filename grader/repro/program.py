"""Writes a recording as a program: whole, to be watched; or up to the step that decides, to be handed out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from grader.repro.assembly import head, long, to_be_watched, to_hand_out
from grader.repro.loops import looped
from grader.repro.steps import Function, Recording, Step, together


@dataclass(frozen=True)
class Subject:
    """What a program is about."""

    exercise: str  # "week2/lru_cache"
    title: str  # of the check
    folder: str  # where the submission lies unless another is named
    driver: str  # source, or empty
    parts: dict[str, Any] = field(default_factory=dict)  # what the exercise needs of a cell


@dataclass(frozen=True)
class Decision:
    """The step that shows the fault, and how it is told: ``got`` is made of ``came`` and held against a demand."""

    step: int
    got: str = "came"
    demand: str = ""  # an expression of ``got``; empty: the step must come to its end
    expected: str = ""  # in words
    cut: str = ""  # the verdict that ended the cell in that step
    mine: str = ""  # what it gave when it was recorded
    seconds: float = 0.0  # that the step may take, where that is what is wrong with it
    is_compared: bool = False  # whether it is by the very values that the suite compared
    tries: int = 1  # of the whole program, where threads may or may not meet


def watched(recording: Recording, subject: Subject) -> str:
    """A module whose ``program(see)`` tells ``see`` of every step; ``CAME`` is what the steps gave when recorded."""
    steps = _settled(recording.steps)
    lines: list[str] = []
    for number, step in enumerate(steps):
        expression = step.text.removeprefix("await ")
        if step.is_statement:
            lines += [f"with see.doing({number}):", f"    {step.text}"]
        elif not step.is_awaited:
            lines.append(f"{_assigned(step)}see({number}, lambda: {step.text})")
        elif step.ended == number + 1:
            lines.append(f"{_assigned(step)}await see.awaiting({number}, lambda: {expression})")
        else:
            lines.append(f"task{number} = asyncio.ensure_future(see.awaiting({number}, lambda: {expression}))")
        lines += [f"{_assigned(steps[task])}await task{task}" for task in _ending(steps, number)]
    came = [f"    {number}: {step.seen}," for number, step in enumerate(steps) if step.seen]
    measured = {number for number, step in enumerate(steps) if step.measured}
    names = {number: step.name for number, step in enumerate(steps) if step.name}
    tables = [f"MEASURED, NAMES = {measured!r}, {names!r}", f"TOGETHER = {together(steps)!r}"]
    tables += [f"STEPS = {[step.text[:80] for step in steps]!r}"]
    tables += ["CAME = {", *came, "}", f"LEFT, RIGHT = {recording.left}, {recording.right}"]
    tables.append(f"MESSAGE = {recording.message!r}")
    tables += [f"MODULE, DRIVER = {recording.module!r}, {subject.driver if _uses(recording, 'driver') else ''!r}"]
    tables += [f"PARTS = {subject.parts if recording.kit else None!r}"]
    program = _program(recording, _is_async(steps), "see, parts" if recording.kit else "see", lines)
    return to_be_watched([*tables, *_given(recording)], program)


def handed_out(recording: Recording, subject: Subject, decision: Decision) -> str:
    """The file for a learner."""
    steps = _settled(recording.steps)
    steps = steps[: max(decision.step + 1, steps[decision.step].ended)]
    given = " ".join(answer for function in recording.functions for _, answer in function.calls if "After(" in answer)
    needed = _needed(steps, decision, f"{decision.got} {decision.demand} {given}")
    statements, may_be_looped = list[list[str]](), list[bool]()
    for number, step in enumerate(steps):
        is_needed = number in needed
        is_task = step.is_awaited and step.ended != number + 1
        lines: list[str] = []
        if is_task:
            lines.append(f"task{number} = asyncio.ensure_future({step.text.removeprefix('await ')})")
        elif number == decision.step:
            lines += _decided(step, step.text, decision, bool(recording.kit))
        elif is_needed or not step.is_reading:
            lines += _done(step, step.text, is_needed)
        ends = _ending(steps, number)
        for task in ends:
            ended = steps[task]
            if task == decision.step:
                lines += _decided(ended, f"await task{task}", decision, bool(recording.kit))
            else:
                lines += _done(ended, f"await task{task}", bool(ended.name))
        if lines:
            statements.append(lines)
            may_be_looped.append(not (is_needed or is_task or ends or number == decision.step))
    lines = looped(statements, may_be_looped)
    message = recording.message.partition("\n")[0]
    tables = [f"MODULE = {recording.module!r}", f"FOLDER = {subject.folder!r}", f"MESSAGE = {message!r}"]
    tables += [
        f"DRIVER = {long(subject.driver) if _uses(recording, 'driver') else repr('')}",
    ]
    is_async = _is_async(steps)
    options = f", tries={decision.tries}" if decision.tries > 1 else ""
    if recording.kit:
        tables.append(f"PARTS = {subject.parts!r}")
        work = "lambda folder: play(program, PARTS, folder, MODULE, DRIVER)"
    else:
        work = f"lambda _folder: {'asyncio.run(program())' if is_async else 'program()'}"
        options += ", dies=True" if decision.cut not in ("", "timeout") else ""
    ending = f"main({work}, FOLDER, MODULE, DRIVER, MESSAGE{options})"
    program = _program(recording, is_async, "parts" if recording.kit else "", lines)
    end = ['if __name__ == "__main__":', f"    sys.exit({ending})"]
    top = head(subject.exercise, subject.title, message)
    parts = bool(recording.kit)
    with_kit = parts or _driver_has_kit(recording, subject)
    seen = [*tables, "", *_given(recording)]
    return to_hand_out(top, program, seen, end, with_kit=with_kit, parts=parts)


def _needed(steps: list[Step], decision: Decision, used: str) -> set[int]:
    """The steps whose names are in ``used``, or in what the program does later; readings that are not are left out."""
    words, needed = set(re.findall(r"\w+", used)), set[int]()
    for number, step in reversed([*enumerate(steps)]):
        if step.name in words:
            needed.add(number)
        if number in needed or number == decision.step or not step.is_reading:
            words.update(re.findall(r"\w+", step.text))
    return needed


def _program(recording: Recording, is_async: bool, arguments: str, lines: list[str]) -> list[str]:
    """The function ``program``, which begins by finding the submission."""
    if recording.is_import:
        return _function(is_async, "program", arguments, lines)
    if recording.kit:
        body = [f"{recording.module} = parts.subject"]
        body += ["driver = parts.driver"] if _uses(recording, "driver") else []
        body += [f"{name} = parts.{name}" for name in recording.kit if name in ("virtual_time", "database")]
    else:
        body = [f"import {recording.module}", *_driver_import(recording)]
    body += [line for function in recording.functions for line in _table(function)]
    body += [f"{name} = parts.{name}" for name in recording.parts if recording.kit]
    return _function(is_async, "program", arguments, [*body, "", *lines])


def _driver_has_kit(recording: Recording, subject: Subject) -> bool:
    """Whether the program loads a driver that imports modules of the kit."""
    return _uses(recording, "driver") and bool(re.search(r"^\s*(from|import) grader\b", subject.driver, re.MULTILINE))


def _settled(given: list[Step]) -> list[Step]:
    """The steps, with a coroutine that is awaited at once in one step, and what is waited for awaited."""
    steps, kept = list[Step](), [0]
    for number, step in enumerate(given):
        before = steps[-1] if steps else None
        if before and before.name and step.text == f"await {before.name}" and not _is_used(before.name, given, number):
            steps[-1] = msgspec.structs.replace(step, text=f"await {before.text}")
        else:
            steps.append(step)
        kept.append(len(steps))
    steps = [msgspec.structs.replace(step, ended=kept[step.ended]) for step in steps]
    if not _is_async(steps):
        return steps
    return [
        msgspec.structs.replace(step, text=f"await until{step.text.removeprefix('waited')}", is_awaited=True)
        if step.text.startswith("waited(")
        else step
        for step in steps
    ]


def _is_used(name: str, steps: list[Step], but: int) -> bool:
    return any(re.search(rf"\b{name}\b", step.text) for number, step in enumerate(steps) if number != but)


def _ending(steps: list[Step], number: int) -> list[int]:
    """The steps that began before this one, or with it, and end when it has begun."""
    return [
        place
        for place, step in enumerate(steps[: number + 1])
        if step.is_awaited and step.ended == number + 1 and place != number
    ]


def _given(recording: Recording) -> list[str]:
    """The parts that a program makes itself, such as a clock."""
    return [] if recording.kit else list(recording.parts.values())


def _function(is_async: bool, name: str, arguments: str, body: Iterable[str]) -> list[str]:
    return [f"{'async ' if is_async else ''}def {name}({arguments}):", *[f"    {line}".rstrip() for line in body]]


def _table(function: Function) -> list[str]:
    calls = [f"    ({asked}, {answer})," for asked, answer in function.calls]
    return [f"{function.name} = recorded({function.name!r}, [", *calls, f"], is_async={function.is_async})"]


def _done(step: Step, text: str, is_needed: bool) -> list[str]:
    """A step before the one that decides."""
    line = f"{step.name} = {text}" if is_needed and not step.is_statement else text
    line += f"  # {step.remark}" if step.remark else ""
    if not step.raised:
        return [line]
    if not is_needed:
        return [f"with contextlib.suppress({step.raised}):", f"    {text}"]
    return ["try:", f"    {text}", f"except {step.raised} as raised:", f"    {step.name} = raised"]


def _decided(step: Step, text: str, decision: Decision, in_cell: bool) -> list[str]:
    line = text if step.is_statement else f"came = {text}"
    if in_cell and step.is_import:
        line = "parts.import_submission()"
    if decision.cut and in_cell:
        return ["try:", f"    {line}", "except CellEnded:", "    raise Shown from None", "raise NotThere"]
    if decision.cut:
        waits = [f"watchdog({decision.seconds!r}, MESSAGE)"] if decision.cut == "timeout" else []
        return [*waits, "stop_in_debugger()", line, "raise NotThere"]
    return [
        "came = None", "stop_in_debugger()",
        "try:", f"    {line}", f"except {step.raised or 'Exception'} as error:", "    came = error",
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
