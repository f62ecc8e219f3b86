"""Proves the project: its own tests and, beside them, every exercise. Each of the two waits much.

What failed beside the other is run once more, alone: a fault is what failed both times. Both are printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial

_PYTEST = (sys.executable, "-m", "pytest", "--durations=15")
_VERIFY = (sys.executable, "-m", "grader", "verify")
_SOME_FAILED = 1  # pytest's exit status
_NICENESS = 10  # of verify, which has many processes and would leave pytest, which has one, little time


def main() -> int:
    """Runs all; the exit status is 0 when all is proven."""
    with tempfile.TemporaryFile() as said:
        verify = subprocess.Popen(
            _VERIFY, stdout=said, stderr=subprocess.STDOUT, preexec_fn=partial(os.nice, _NICENESS)
        )
        try:
            tests = subprocess.run(_PYTEST, check=False).returncode
            exercises = verify.wait()
        finally:
            verify.kill()
        said.seek(0)
        print(said.read().decode("utf-8", "replace"), flush=True)
    if tests == _SOME_FAILED:
        print("What failed is run once more, alone.", flush=True)
        tests = subprocess.run([*_PYTEST, "--last-failed", "--last-failed-no-failures=none"], check=False).returncode
    return 1 if tests or exercises else 0


if __name__ == "__main__":
    sys.exit(main())
