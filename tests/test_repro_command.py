"""The command `repro`: the file it writes, and what it says when there is none to write."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.catalog import Catalog, layout
from grader.cli import main

NAME = "week1/refcounts"
HIDDEN = layout.default_root() / "solutions" / NAME
PROXY = HIDDEN / "wrong/parent_is_a_proxy"  # whose first fault no file can show

Repro = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repro(capsys: pytest.CaptureFixture[str]) -> Repro:
    """Runs the command: exit status, standard output, standard error."""

    def run(*arguments: str | Path, name: str = NAME) -> tuple[int, str, str]:
        status = main(["repro", name, *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def ended(program: Path, folder: Path) -> tuple[int, str]:
    """How a program ended on the code in a folder, and the last line that it printed."""
    done = subprocess.run([sys.executable, program, folder], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()[-1]


def test_the_first_fault_that_can_be_shown(repro: Repro, tmp_path: Path) -> None:
    """The file shows it with plain Python, by the same line, and not for the reference."""
    file = tmp_path / "shown.py"
    status, out, _ = repro("--submission", PROXY, "--out", file)
    told, then = out.splitlines()
    assert (status, then) == (0, f"run it: python {file} [--pdb]")
    wrong, message = ended(file, PROXY)
    assert wrong == 1
    assert told.endswith(f": {message}")
    assert ended(file, HIDDEN) == (0, "the fault is not there")


def test_a_fault_that_no_file_can_show(repro: Repro) -> None:
    """Asked for by name, it is said why."""
    status, out, err = repro("links", "--submission", PROXY)
    assert (status, out) == (2, "")
    assert f"{NAME}: no file can show what failed\ntest_links: a right solution answers the same" in err


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        *[
            (name, "import nothing_there", "your code raised ModuleNotFoundError: No module named 'nothing_there'")
            for name in ("week2/lru_cache", "week1/login_throttle", "projects/url_shortener")
        ],
        ("week2/lru_cache", "def LRUCache(n): print('x' * 10**7)", "more than 1,048,576 characters were printed"),
        ("week2/lru_cache", "def LRUCache(n): return bytes(10**9)", "your code raised MemoryError"),
        ("week1/login_throttle", "def create_app(*a, **b): print('x' * 10**7)", "more than 1,048,576 characters"),
        ("week1/login_throttle", "def create_app(*a, **b): import os; os._exit(0)", "the process ended (exit code 0)"),
    ],
)
def test_what_no_wrong_solution_does(repro: Repro, tmp_path: Path, name: str, line: str, message: str) -> None:
    """What cannot be imported, and what meets the bounds of a cell or ends it."""
    right, work, file = layout.default_root() / "solutions" / name, tmp_path / "work", tmp_path / "shown.py"
    exercise = Catalog.load().get(name)
    shutil.copytree(exercise.folder, work)
    (module,) = work.glob(f"{exercise.module}.py")
    module.write_text(f"{module.read_text()}\n\n{line}\n")
    assert repro("--submission", work, "--out", file, name=name)[0] == 0
    status, said = ended(file, work)
    assert status == 1
    assert said.startswith(message)
    assert ended(file, right) == (0, "the fault is not there")


def test_nothing_to_show(repro: Repro) -> None:
    """For work that is right, and for the stub."""
    assert repro("--submission", HIDDEN)[:2] == (0, f"{NAME}: every check passes; nothing to show\n")
    assert repro("--submission", HIDDEN / "stub")[:2] == (0, f"{NAME}: not started; nothing to show\n")


def test_standard_output(repro: Repro) -> None:
    """Of a check that is named by a part of its title: the program and nothing else."""
    status, out, _ = repro("freed at once", "--submission", PROXY, "--out", "-")
    assert status == 0
    compile(out, "repro.py", "exec")
    assert out.startswith(f'"""{NAME}: a dropped tree is freed at once')


def test_a_check_that_is_not_there(repro: Repro) -> None:
    """Those that are there are named."""
    status, _, err = repro("lnks", "--submission", PROXY)
    assert status == 2
    assert f"{NAME} has no check lnks; there are " in err
    assert "links" in err
