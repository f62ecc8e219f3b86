"""Proves the project: its own tests, in two processes, and beside them every exercise and what learners read of it.

Each of these waits much. What failed beside the others is run once more, alone: a fault is what failed both times.
Both are printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from typing import IO, Any

from grader.suite.tickets import Tickets
from tests.shared_files import MOST_FILES, PIPE

_VERIFY = (sys.executable, "-m", "grader", "verify", "--feedback")
_SOME_FAILED = 1  # pytest's exit status
_NICENESS = 10  # of verify, which has many processes and would leave pytest, which has few, little time


def main() -> int:
    """Runs all; the exit status is 0 when all is proven."""
    pipe = Tickets.of(MOST_FILES).pipe
    sharing: dict[str, Any] = {"env": {**os.environ, PIPE: str(pipe)}, "pass_fds": [pipe]}
    with tempfile.TemporaryFile() as shown_later, tempfile.TemporaryFile() as proofs:
        first = _start(_pytest(0, "-p", "tests.shared_files"), None, **sharing)
        second = _start(_pytest(1, "-p", "tests.shared_files"), shown_later, **sharing)
        verify = _start(_VERIFY, proofs, preexec_fn=partial(os.nice, _NICENESS))
        try:
            tests = [first.wait(), second.wait()]
            exercises = verify.wait()
        finally:
            for process in (first, second, verify):
                process.kill()
        _print(shown_later)
        _print(proofs)
    for number, status in enumerate(tests):
        if status == _SOME_FAILED:
            print("What failed is run once more, alone.", flush=True)
            again = _pytest(number, "--last-failed", "--last-failed-no-failures=none")
            tests[number] = subprocess.run(again, check=False).returncode
    return 1 if exercises or any(tests) else 0


def _pytest(number: int, *arguments: str) -> list[str]:
    """One of the processes that share the tests; each remembers for itself what failed."""
    cache = f"cache_dir=.pytest_cache/{number}"
    return [sys.executable, "-m", "pytest", "--durations=15", "-o", cache, *arguments]


def _start(command: Sequence[str], output: IO[bytes] | None, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT if output else None, **options)


def _print(output: IO[bytes]) -> None:
    output.seek(0)
    print(output.read().decode("utf-8", "replace"), flush=True)


if __name__ == "__main__":
    sys.exit(main())
