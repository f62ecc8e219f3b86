"""From a recording to the program that shows its fault: what a right solution answers to the same steps decides."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from grader.catalog import layout
from grader.model import CheckResult, Exercise
from grader.repro.program import Decision, Subject, handed_out, watched
from grader.repro.steps import Recording

_PATIENCE_S = 60
_ROOT = Path(__file__).resolve().parents[2]


def programs(recording: Recording, subject: Subject, reference: Path, seconds: float) -> Iterator[str]:
    """Programs that may show the fault, the likeliest first. ``reference`` is the folder of a right solution.

    ``seconds`` is what a call may take before it counts as hanging.
    """
    last = recording.steps[-1] if recording.steps else None
    cuts = [Decision(len(recording.steps) - 1, cut=last.cut, seconds=seconds)] if last and last.cut else []
    for decision in [*cuts, *_decisions(recording, subject, reference)]:
        yield handed_out(recording, subject, decision)


def run(program: str, folder: Path) -> tuple[int, str]:
    """Runs a program against the code in ``folder``: its exit status and what it printed."""
    with tempfile.TemporaryDirectory(prefix="repro-") as place:
        path = Path(place, "repro.py")
        path.write_text(program, encoding="utf-8")
        return _python([str(path), str(folder)])


def _decisions(recording: Recording, subject: Subject, reference: Path) -> list[Decision]:
    with tempfile.TemporaryDirectory(prefix="repro-") as place:
        path = Path(place, "watched.py")
        path.write_text(watched(recording, subject), encoding="utf-8")
        status, said = _python(["-m", "grader.replay.watch", str(path), str(reference)])
    if status:
        raise RuntimeError(f"the reference could not be watched:\n{said}")
    return msgspec.json.decode(said.rpartition("\n")[2], type=list[Decision])


def _python(arguments: list[str]) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, on a program of our own
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=_PATIENCE_S,
            check=False, stdin=subprocess.DEVNULL, errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, "no end within a minute"
    return done.returncode, (done.stdout or done.stderr) if done.returncode in (0, 1) else done.stderr


class Unshown(Exception):
    """Why no program shows the fault."""


def prove(exercise: Exercise, result: CheckResult, folder: Path) -> str:
    """The program that shows why a check failed for the code in ``folder``, and not for the reference.

    Raises:
        Unshown: there is none.
    """
    for text in candidates(exercise, result, folder):
        if run(text, exercise.hidden)[0] == 0:
            return text
    raise Unshown("a right solution answers the same")


def candidates(exercise: Exercise, result: CheckResult, folder: Path) -> Iterator[str]:
    """Programs that may show why a check failed, the likeliest first; raises ``Unshown``."""
    if not result.recording:
        raise Unshown("the check made no call")
    recording = msgspec.json.decode(result.recording, type=Recording)
    if recording.problem:
        raise Unshown(recording.problem)
    driver = layout.driver(exercise)
    source = driver.read_text(encoding="utf-8") if driver.is_file() else ""
    limits, cell = exercise.limits, exercise.cell
    parts = {"preload": list(cell.preload), "processes": cell.processes, "writable": cell.writable}
    parts |= {"call_s": limits.call_s, "check_s": limits.check_s, "memory_mb": limits.memory_mb}
    parts |= {name: name in recording.kit for name in ("virtual_time", "web")}
    subject = Subject(exercise.name, result.check.title, str(folder), source, parts)
    return programs(recording, subject, exercise.hidden, exercise.limits.call_s)
