"""From a recording to the program that shows its fault: what a right solution answers to the same steps decides."""

from __future__ import annotations

import atexit
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from grader.catalog import layout
from grader.errors import shown
from grader.model import CheckResult, Exercise
from grader.repro.assembly import is_with_kit
from grader.repro.program import Decision, Subject, handed_out
from grader.repro.python import run
from grader.repro.steps import Recording
from grader.repro.watching import Watcher

#: How often a program is gone through where two runs may differ: threads have some chances to meet, and what examples
#: before it have left behind it leaves itself.
_ROUNDS = 3

#: Runs a program on the code in a folder: its exit status and what it printed.
Run = Callable[[str, Path], tuple[int, str]]


class Unshown(Exception):
    """Why no program shows the fault."""


def prove(exercise: Exercise, failed: Sequence[CheckResult], folder: Path) -> tuple[CheckResult, str]:
    """The first of the failed checks of which a program shows why it failed for the code in ``folder``, and not for
    the reference; and that program.

    Raises:
        Unshown: there is none, and why, a line for each reason.
    """
    reasons: dict[str, list[str]] = {}
    with Watcher() as watcher:
        for result in failed:
            try:
                return result, _chosen(exercise, result, folder, watcher, run)
            except Unshown as reason:
                reasons.setdefault(str(reason), []).append(result.check.id)
    raise Unshown("\n".join(f"{', '.join(checks)}: {reason}" for reason, checks in reasons.items()))


def _chosen(exercise: Exercise, result: CheckResult, folder: Path, watcher: Watcher, run: Run) -> str:
    for text in candidates(exercise, result, folder, watcher):
        if run(text, exercise.hidden)[0] == 0:
            return text
    raise Unshown("a right solution answers the same")


class Prover:
    """Shows that repro files of one exercise show faults. They are run in forks of a warm process; the first of each
    kind, and what shows no fault there, by interpreters of their own.
    """

    def __init__(self, exercise: Exercise, watcher: Watcher) -> None:
        self._exercise, self._watcher = exercise, watcher
        self._kinds = set[str]()  # how programs are run, of those that ran by themselves

    def shown_by(self, failed: Sequence[CheckResult], folder: Path) -> str:
        """The program for one of the failed checks, as ``prove`` finds it, which ends with status 1 and the check's
        message for the code in ``folder``, and with status 0 for the reference.

        Raises:
            Unshown: there is none, and why, check by check.
        """
        reasons = []
        for result in failed:
            try:
                text = _chosen(self._exercise, result, folder, self._watcher, self._in_fork)
            except Unshown as reason:
                reasons.append(f"{result.check.id}: {reason}")
                continue
            if self._is_shown(text, result.message.partition("\n")[0], folder):
                return text
            reasons.append(f"{result.check.id}: its file does not end with 1 here and 0 for the reference")
        raise Unshown("; ".join(reasons))

    def _is_shown(self, text: str, message: str, folder: Path) -> bool:
        kind = text.splitlines()[-1]
        if kind in self._kinds and _shows(self._in_fork(text, folder), message):
            return True
        is_shown = _shows(run(text, folder), message) and run(text, self._exercise.hidden)[0] == 0
        if is_shown:
            self._kinds.add(kind)
        return is_shown

    def _in_fork(self, text: str, folder: Path) -> tuple[int, str]:
        return self._watcher.run(text, folder, list(self._exercise.cell.preload) if is_with_kit(text) else None)


def _shows(ended: tuple[int, str], message: str) -> bool:
    status, said = ended
    return status == 1 and message in said


def candidates(exercise: Exercise, result: CheckResult, folder: Path, watcher: Watcher) -> Iterator[str]:
    """Programs that may show why a check failed, the likeliest first; raises ``Unshown``."""
    if not result.recording:
        raise Unshown("the check made no call")
    recording = msgspec.json.decode(result.recording, type=Recording)
    if recording.problem:
        raise Unshown(recording.problem)
    if recording.is_bounded:
        recording.kit.append("cell")
    driver = layout.driver(exercise)
    source = driver.read_text(encoding="utf-8") if driver.is_file() else ""
    limits, cell = exercise.limits, exercise.cell
    parts = {"preload": list(cell.preload), "processes": cell.processes, "writable": cell.writable}
    parts |= {"call_s": limits.call_s, "check_s": limits.check_s, "memory_mb": limits.memory_mb}
    parts |= {name: name in recording.kit for name in ("virtual_time", "web")}
    subject = Subject(exercise.name, result.check.title, str(folder), source, parts)
    yield from programs(recording, subject, exercise.hidden, limits.call_s, watcher)


def programs(
    recording: Recording, subject: Subject, reference: Path, seconds: float, watcher: Watcher
) -> Iterator[str]:
    """Programs that may show the fault, the likeliest first. ``reference`` is the folder of a right solution.

    ``seconds`` is what a call may take before it counts as hanging.
    """
    last = recording.steps[-1] if recording.steps else None
    if last and last.cut:
        yield handed_out(recording, subject, Decision(len(recording.steps) - 1, cut=last.cut, seconds=seconds))
    if recording.is_import:
        yield handed_out(recording, subject, Decision(0, demand="got is None", expected="no exception"))
        return
    for decision in watcher.decisions(recording, subject, reference):
        rounds = _ROUNDS if recording.is_racy else 1
        yield handed_out(recording, subject, dataclasses.replace(decision, tries=rounds))


@cache
def _watcher() -> Watcher:
    """That of this process."""
    watcher = Watcher()
    atexit.register(watcher.close)
    return watcher


@cache
def _prover(exercise: Exercise) -> Prover:
    """That of this process for an exercise, of which it is given one share after another."""
    return Prover(exercise, _watcher())


def program_faults(exercise: Exercise, wrong: Sequence[tuple[Path, Sequence[CheckResult]]]) -> list[str]:
    """For each wrong solution, by its folder and the checks that it failed, why no repro file tells it from the
    reference; empty where one does.
    """
    return [_fault(_prover(exercise), folder, failed) for folder, failed in wrong]


def _fault(prover: Prover, folder: Path, failed: Sequence[CheckResult]) -> str:
    try:
        prover.shown_by(failed, folder)
    except (Unshown, RuntimeError) as reason:
        return f"{shown(folder)}: no repro file shows the fault: {reason}"
    return ""
