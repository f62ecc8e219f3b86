"""Other graders on the same checks of the same submission, in process as they do it, where they are installed.

Each is sought in an environment of its own, ``$ONSPOT_BENCH_PEERS/<name>``, then in this one; hypothesis and pytest
have to be there, too. Exercism's runner for Python is on no package index and so not among them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from grader.catalog.checks import read_checks
from tests.bench.batches import LEVEL, WORKERS, beside_plain, grade_batch, plain
from tests.bench.figures import Figure, both
from tests.bench.grading import EXERCISE, grade, in_process, pytest_command
from tests.bench.processes import ROOT, Failed, Usage, alternate, run

FOLDER = "ONSPOT_BENCH_PEERS"
SIZE = 50
RESULTS = "results.json"

CHECK50 = """
import check50
from tests.bench.one_by_one import checks

globals().update({check.__name__: check50.check()(check) for check in checks()})
"""
OTTER = """
OK_FORMAT = False
from otter.test_files import test_case
from tests.bench.one_by_one import checks

name = "{check}"
points = 1
[check] = [check for check in checks() if check.__name__ == name]
case = test_case()(check)
"""


@dataclass(frozen=True)
class Peer:
    """A grader: how it is told of the checks, how it is started, what it says."""

    name: str  # of its distribution on PyPI
    module: str
    #: Told its Python, an exercise's hidden folder and an empty folder for what it needs; returns the command that
    #: grades the submission in the working directory and leaves its results there.
    prepare: Callable[[str, Path, Path], list[str]]
    #: The names of the checks that passed, from the working directory.
    passed: Callable[[Path], Iterable[str]]

    def measure(self, times: int) -> list[Figure]:
        """Right submissions, one cold and a batch, against this grader started for each; nothing if it is not here."""
        try:
            python, version = self.find()
        except LookupError as error:
            print(error)
            return []
        with tempfile.TemporaryDirectory() as kit:
            solution = ROOT / "solutions" / EXERCISE
            command = self.prepare(python, solution, Path(kit))

            def theirs() -> Usage:
                return self.grade(command, solution)

            ours, once = alternate(times, lambda: grade([EXERCISE], f"solutions/{EXERCISE}"), theirs)
            batch, each = beside_plain(partial(grade_batch, SIZE), partial(plain, theirs))
        cold = f"grade {EXERCISE} cold, against {self.name}"
        many = f"{LEVEL} batch of {SIZE}, a submission, against {self.name}"
        return [*both(cold, ours, once, version), *both(many, batch.share(SIZE), each, f"{version} for each")]

    def find(self) -> tuple[str, str]:
        """The Python that has it, and its name with its version.

        Raises:
            LookupError: none has it, or one of another version than this.
        """
        own = Path(os.environ.get(FOLDER, ""), self.name, "bin", "python").absolute()
        python = str(own) if FOLDER in os.environ and own.is_file() else sys.executable
        code = f"import sys, importlib.metadata, hypothesis, pytest, {self.module}; print(sys.version_info[:2])"
        code += f"; print(importlib.metadata.version('{self.name}'))"
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        if found.returncode:
            raise LookupError(f"{self.name} is not installed: neither in ${FOLDER}/{self.name} nor here")
        version, number = found.stdout.splitlines()
        if version != str(sys.version_info[:2]):
            raise LookupError(f"{self.name} is not compared: {python} is another version of Python than this")
        return python, f"{self.name} {number}"

    def grade(self, command: list[str], solution: Path) -> Usage:
        """Grades the reference in ``solution``.

        Raises:
            Failed: not every check passed, so that something else was measured.
        """
        wanted = {check.id for check in read_checks(solution / "suite.py")}
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(solution / f"{solution.name}.py", folder)
            usage = run(command, in_process(solution), folder)
            try:
                passed = set(self.passed(Path(folder)))
            except FileNotFoundError:
                raise Failed(f"{self.name} left no results") from None
        if passed != wanted:
            raise Failed(f"{self.name} did not pass exactly the suite's checks: {', '.join(sorted(wanted ^ passed))}")
        return usage


def gradescope(python: str, _solution: Path, _kit: Path) -> list[str]:
    """As a ``run_autograder`` would start it."""
    return [python, "-m", "tests.bench.one_by_one", RESULTS]


def gradescope_passed(place: Path) -> list[str]:
    return [test["name"].split()[0] for test in results(place)["tests"] if test["status"] == "passed"]


def check50(python: str, solution: Path, kit: Path) -> list[str]:
    """A package of checks that is on this machine."""
    (kit / ".cs50.yaml").write_text(f"check50:\n  files:\n    - !require {solution.name}.py\n")
    (kit / "__init__.py").write_text(CHECK50)
    return [python, "-m", "check50", "--dev", str(kit), "--output", "json", "--output-file", RESULTS]


def check50_passed(place: Path) -> list[str]:
    return [result["name"] for result in results(place)["results"] if result["passed"]]


def otter(python: str, solution: Path, kit: Path) -> list[str]:
    """An autograder's zip, a question for each check; run without a container."""
    (kit / "tests").mkdir()
    for check in read_checks(solution / "suite.py"):
        (kit / "tests" / f"{check.id}.py").write_text(OTTER.format(check=check.id))
    program, archive = [python, "-m", "otter"], str(kit / "autograder.zip")
    run([*program, "generate", "--tests-dir", str(kit / "tests"), "--output-path", archive], folder=kit)
    return [*program, "run", "--autograder", archive, "--no-logo", f"{solution.name}.py"]


def otter_passed(place: Path) -> list[str]:
    return [test["name"] for test in results(place)["tests"] if test.get("score") == 1]


def xdist(python: str, solution: Path, _kit: Path) -> list[str]:
    """Plain pytest in as many processes as batches take."""
    return pytest_command(solution, "-p", "xdist.plugin", "-n", str(WORKERS), f"--junit-xml={RESULTS}", python=python)


def xdist_passed(place: Path) -> list[str]:
    cases = ElementTree.parse(place / RESULTS).iter("testcase")
    return [case.attrib["name"].split("[")[0] for case in cases if not len(case)]


def results(place: Path) -> Any:
    """What a grader has left in its working directory."""
    return json.loads((place / RESULTS).read_text(encoding="utf-8"))


PEERS = (
    Peer("gradescope-utils", "gradescope_utils", gradescope, gradescope_passed),
    Peer("check50", "check50", check50, check50_passed),
    Peer("otter-grader", "otter", otter, otter_passed),
    Peer("pytest-xdist", "xdist", xdist, xdist_passed),
)
