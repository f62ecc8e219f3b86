"""Reports that go to a file, or to standard output where ``-`` is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

from grader.errors import UsageError

STDOUT = Path("-")


def check_output(name: str, path: Path) -> None:
    """Refuses a file that cannot be written, before the work is done; ``name`` is the option's.

    Raises:
        UsageError: there is no such folder, or the file is one.
    """
    if path != STDOUT and (path.is_dir() or not path.parent.is_dir()):
        raise UsageError(f"--{name} {path} cannot be written; name a file in a folder that is there")


def write_output(name: str, path: Path, text: str) -> None:
    """Writes the text.

    Raises:
        UsageError: the file cannot be written.
    """
    if path == STDOUT:
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"--{name} {path} cannot be written: {error.strerror}") from None
