"""Runs a program with plain Python, as a learner does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

_PATIENCE_S = 60
_ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """That of this process, with the kit to be found, and the same hashes on every run."""
    return {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def run(program: str, folder: Path) -> tuple[int, str]:
    """Runs a program against the code in ``folder``: its exit status and what it printed."""
    with tempfile.TemporaryDirectory(prefix="repro-") as place:
        path = Path(place, "repro.py")
        path.write_text(program, encoding="utf-8")
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter, on a program of our own
                [sys.executable, str(path), str(folder)], env=environment(), capture_output=True, text=True,
                timeout=_PATIENCE_S, check=False, stdin=subprocess.DEVNULL, errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return -1, "no end within a minute"
    return done.returncode, (done.stdout or done.stderr) if done.returncode in (0, 1) else done.stderr
