"""Whether an exercise's visible tests pass on the reference and fail on the stub, under plain pytest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.catalog import layout
from grader.catalog.submission import read_submission
from grader.errors import shown
from grader.model import Exercise

_SECONDS = 120
_DUMP_SECONDS = 100  # after which pytest tells where each thread is
_TAIL = 20  # lines that are told
_RUNS_TESTS = re.compile(r"[/\\](_pytest|pluggy|pytest)[/\\]|<frozen runpy>")  # a frame that is pytest's own
_PASSED, _FAILED = 0, 1  # pytest's exit status


def visible_faults(exercise: Exercise) -> list[str]:
    """Runs the visible tests twice, in a copy of the exercise's folder."""
    return list(_faults(exercise))


def _faults(exercise: Exercise) -> Iterator[str]:
    tests = layout.visible_tests(exercise)
    if not tests.is_file():
        yield f"{shown(tests)}: is missing; write a few examples for plain pytest"
        return
    status, output = _run(exercise, exercise.hidden)
    if status != _PASSED:
        yield f"{shown(tests)}: does not pass on the reference; mend the tests or the reference\n{_tail(output)}"
    status, output = _run(exercise, layout.stub(exercise))
    if status != _FAILED:
        ending = f"pytest's exit status {status}"
        yield f"{shown(tests)}: does not fail on the stub as tests fail ({ending})\n{_tail(output)}"


def _run(exercise: Exercise, solution: Path) -> tuple[int, str]:
    with tempfile.TemporaryDirectory(prefix="onspot-visible-") as name:
        folder = Path(name)
        shutil.copy(layout.visible_tests(exercise), folder)
        for path, content in read_submission(exercise, solution).files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        line = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            "-o",
            f"faulthandler_timeout={_DUMP_SECONDS}",
            f"--rootdir={name}",
            name,
        ]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment.pop("PYTEST_ADDOPTS", None)
        try:
            done = subprocess.run(  # noqa: S603 - the kit's own tests on the kit's own solutions
                line,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            said = (error.stderr or b"").decode("utf-8", "replace").splitlines()
            where = "\n".join(line for line in said if not _RUNS_TESTS.search(line))
            return -1, f"{where}\nno end within {_SECONDS} s"
        return done.returncode, done.stdout


def _tail(output: str) -> str:
    return "\n".join(f"      {line}" for line in output.strip().splitlines()[-_TAIL:])
