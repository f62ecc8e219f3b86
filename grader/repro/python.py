"""Runs a program with plain Python, as a learner does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PATIENCE_S = 60
ROOT = Path(__file__).resolve().parents[2]


def environment(*, with_kit: bool) -> dict[str, str]:
    """That of this process, with the kit to be found or not, and the same hashes on every run."""
    paths = {"PYTHONPATH": str(ROOT) if with_kit else ""}
    return os.environ | paths | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def run(program: str, folder: Path) -> tuple[int, str]:
    """Runs a program against the code in ``folder``: its exit status and what it printed."""
    with tempfile.TemporaryDirectory(prefix="repro-") as place:
        path = Path(place, "repro.py")
        path.write_text(program, encoding="utf-8")
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter, on a program of our own
                [sys.executable, str(path), str(folder)], env=environment(with_kit=False), stdin=subprocess.DEVNULL,
                capture_output=True, timeout=PATIENCE_S, check=False, text=True, errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return -1, "no end within a minute"
    return done.returncode, (done.stdout or done.stderr) if done.returncode in (0, 1) else done.stderr
