"""Begins an exercise anew: the work is kept, then the stub is put in its place."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from grader.catalog import layout, read_submission
from grader.errors import ExerciseError, UsageError
from grader.model import Exercise


def reset(root: Path, exercise: Exercise, now: dt.datetime) -> Path:
    """Puts the stub in place of the work; returns the folder that the work was copied to first.

    Raises:
        UsageError: there is nothing but the stub.
        ExerciseError: the kit has no stub of the exercise.
    """
    stub = read_submission(exercise, layout.stub(exercise))
    if not stub.files:
        raise ExerciseError(layout.stub(exercise), f"holds no stub: {stub.problem}")
    if read_submission(exercise, exercise.folder).is_stub:
        raise UsageError(f"{layout.shown_stub(exercise.name)} still holds the stub; there is nothing to reset")
    names = {
        layout.module_file(Path(), exercise.module).name,
        exercise.module,
        *(Path(name).parts[0] for name in stub.files),
    }
    work = [exercise.folder / name for name in sorted(names) if (exercise.folder / name).exists()]
    folder = layout.kept(root, exercise) / now.strftime("%Y-%m-%d_%H-%M-%S_%f")
    folder.mkdir(parents=True)
    for path in work:
        if path.is_dir():
            shutil.copytree(path, folder / path.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, folder / path.name)
    for path in work:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    write_files(exercise.folder, stub.files)
    return folder


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Writes a submission's files below ``folder``."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
