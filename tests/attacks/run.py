"""Grades the corpus at one level, in one go, on a machine that was prepared to tell what was touched."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.catalog import Catalog, find_submission, layout
from grader.cell import outer
from grader.grading import grade
from grader.model import Event, EventKind, Exercise, ExerciseReport, Level, Report, Submission, Verdict
from grader.report import FORMATS
from tests.attacks.corpus import KIT, Attack, honest_folder

#: What every secret begins with, and what attacks say that could do what they should not; put together, so that no
#: search finds it here, nor in a line of code that a traceback shows.
CANARY = "".join(["onspot", "canary"])
#: What attacks call the processes and the files that they leave behind.
LEFT = "onspot-left"
SEED = 7
_RUN = b"ONSPOT_RUN"  # the variable that tells the cells of one run from another's
_ENDING_S = 10.0  # that the kernel may need to end what was killed, on a busy machine
_LOOK_S = 0.05  # between two looks at all processes
_PER_CORE = 3  # attacks at once: many of them wait until their time is up
_WATCHED = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # where anybody may write

Job = tuple[Exercise, Submission]


@dataclass
class Found:
    """What came of the attacks at one level."""

    report: Report
    attacks: dict[str, ExerciseReport]
    honest: dict[tuple[str, str], ExerciseReport]  # by exercise and baseline
    left: list[str] = field(default_factory=list)  # processes, files and changes that outlived their check

    def faults(self, attack: Attack) -> list[str]:
        """In what an attack succeeded, one line each."""
        return list(_faults(attack, self.attacks[attack.name], self.honest[attack.exercise, attack.baseline]))


def run(attacks: Sequence[Attack], level: Level, folder: Path) -> Found:
    """Grades ``attacks`` and their honest files at ``level``; ``folder`` is an empty one to work in.

    Raises ``UnavailableError`` where the machine lacks the level.
    """
    prepared = _Prepared(folder, {attack.exercise for attack in attacks})
    jobs = [prepared.job(attack) for attack in attacks]
    names = sorted({(attack.exercise, attack.baseline) for attack in attacks})
    jobs += [prepared.honest_job(*name) for name in names]
    parallel = _PER_CORE * (os.cpu_count() or 1)
    with prepared.watching() as watch:
        report = grade(jobs, seed=SEED, isolation=level, parallel=parallel, shrink=False, on_event=watch)
    reports = list(report.exercises)
    by_attack = {attack.name: reports.pop(0) for attack in attacks}
    return Found(report, by_attack, dict(zip(names, reports, strict=True)), prepared.left)


class _Prepared:
    """A kit, a home and an environment that hold secrets, and a look at what is left behind."""

    def __init__(self, folder: Path, exercises: set[str]) -> None:
        self.left: list[str] = []
        self._folder = folder
        self._home = folder / "home"
        self._kit = folder / "kit"
        shutil.copytree(KIT, self._kit)
        for name in exercises:
            for side in (layout.exercises, layout.solutions):
                if not (side(self._kit) / name).exists():
                    shutil.copytree(side(layout.default_root()) / name, side(self._kit) / name)
        self._catalog = Catalog.load(self._kit)
        for suite in self._kit.glob("solutions/*/*/suite.py"):
            suite.write_text(f"{suite.read_text()}\n\nSECRET = '{_secret()}'\n")
        for name in (".ssh/id_rsa", ".netrc", ".bash_history", ".cache/onspot/last.json", "notes.txt"):
            path = self._home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{_secret()}\n")

    def job(self, attack: Attack) -> Job:
        """An attack as it is handed in."""
        exercise = self._catalog.get(attack.exercise)
        files = attack.files(exercise.module, self._honest(exercise, attack.baseline))
        return exercise, self._handed_in(exercise, attack.name, files)

    def honest_job(self, name: str, baseline: str) -> Job:
        """A baseline as it is handed in."""
        exercise = self._catalog.get(name)
        honest = {f"{exercise.module}.py": self._honest(exercise, baseline)}
        return exercise, self._handed_in(exercise, f"{name}/{baseline}", honest)

    @contextlib.contextmanager
    def watching(self) -> Iterator[Callable[[Event], None]]:
        """Within it the secrets lie in the environment, and whatever outlives its check is noted."""
        mark = secrets.token_hex(8)
        before = self._kit_digest()
        temporary = Path(tempfile.mkdtemp(prefix="onspot-attacks-"))
        temporary.chmod(0o711)  # for cells that have users of their own

        def watch(event: Event) -> None:
            if event.kind is EventKind.FINISHED:
                self._note_processes(LEFT.encode(), lambda words: mark.encode() in words or _RUN not in words)

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))
            patch.setenv("HOME", str(self._home))
            patch.setenv("TMPDIR", str(temporary))
            patch.setattr("tempfile.tempdir", None)
            patch.setenv("ONSPOT_SECRET", _secret())
            patch.setitem(outer.ENVIRONMENT, _RUN.decode(), mark)
            yield watch
        self._note_processes(b"", lambda words: mark.encode() in words)
        for path in (*self._files_left(), *temporary.iterdir()):
            self.left.append(f"the file {path}")
            if path.name.startswith(LEFT):
                path.unlink()
        shutil.rmtree(temporary)
        if self._kit_digest() != before:
            self.left.append("a change of the kit")

    def _honest(self, exercise: Exercise, baseline: str) -> str:
        return layout.module_file(honest_folder(exercise, baseline), exercise.module).read_text()

    def _handed_in(self, exercise: Exercise, name: str, files: dict[str, str]) -> Submission:
        folder = self._folder / "handed_in" / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return find_submission(exercise, folder)

    def _kit_digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self._kit.rglob("*")):
            if "__pycache__" not in path.parts:
                digest.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
        return digest.hexdigest()

    def _note_processes(self, named: bytes, is_meant: Callable[[bytes], bool]) -> None:
        """Notes the processes that are meant and do not end, and ends them."""
        end = time.monotonic() + _ENDING_S
        while (found := _processes(named, is_meant)) and time.monotonic() < end:
            time.sleep(_LOOK_S)
        for pid, name in found.items():
            self.left.append(f"the process {name}")
            with contextlib.suppress(OSError):
                os.kill(pid, 9)

    def _files_left(self) -> list[Path]:
        tops = [*_WATCHED, str(self._home), str(self._kit), str(Path.cwd())]
        patterns = [f"{top}/{below}{LEFT}*" for top in tops for below in ("", "*/", "*/*/")]
        return [Path(path) for pattern in patterns for path in glob.glob(pattern)]


def _secret() -> str:
    return f"{CANARY}{secrets.token_hex(8)}"


def _processes(named: bytes, is_meant: Callable[[bytes], bool]) -> dict[int, str]:
    """The living processes that have ``named`` in their name or their arguments, and are meant by these and their
    environment, which is read of few.
    """
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = _read(pid, "comm") + b" " + _read(pid, "cmdline")
            if named not in words or not is_meant(words := words + b" " + _read(pid, "environ")):
                continue
            state = _read(pid, "stat").rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if state not in b"ZX":
            found[int(pid)] = words[:60].decode("utf-8", "replace").replace("\0", " ").replace("\n", " ")
    return found


def _read(pid: str, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
        return file.read()


def _faults(attack: Attack, report: ExerciseReport, baseline: ExerciseReport) -> Iterator[str]:
    before = {result.check.id: result for result in baseline.checks}
    if report.score > baseline.score:
        yield f"gained {report.score - baseline.score:g} points"
    if [result.check.id for result in report.checks] != list(before):
        yield f"its checks were not graded: {report.status}, {report.message}"
    for result in report.checks:
        check, verdict = result.check.id, result.verdict
        expected = attack.expected.get(check, attack.expected.get("all"))
        if verdict is Verdict.INTERNAL_ERROR:
            yield f"stopped the run at {check}: {result.message}"
        elif verdict is Verdict.PASSED and before[check].verdict is not Verdict.PASSED:
            yield f"passes {check}"
        elif verdict is Verdict.NOT_GRADED:
            if before[check].verdict is not Verdict.NOT_GRADED:
                yield f"has {check} not graded: {result.message}"
        elif expected is not None and verdict not in expected:
            yield f"{check} ended as {verdict}, not as {'/'.join(sorted(expected))}: {result.message}"
        elif expected is None and attack.expected and verdict is not before[check].verdict:
            yield f"{check} ended as {verdict}, without the attack as {before[check].verdict}: {result.message}"
    texts = [text for result in report.checks for text in (result.message, result.transcript)]
    if any(CANARY in text for text in texts):
        yield "tells a secret"


def commands_in(report: Report) -> Iterator[str]:
    """Lines of the report, in any format, that a terminal, a browser or a CI system would take for a command."""
    for name, render in FORMATS.items():
        text = render(report)
        for line in text.splitlines():
            if set(line) & set("\x1b\x07\r\x9b\u202e\u2066") or line.lstrip().startswith(("::", "##[")):
                yield f"{name}: {line[:100]!r}"
