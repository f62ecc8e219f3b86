"""Writes a new exercise from the templates: a small one that works, to be replaced piece by piece."""

from __future__ import annotations

import shutil
from pathlib import Path

from grader.catalog import layout
from grader.errors import UsageError


def create(root: Path, name: str) -> list[Path]:
    """Write the skeleton of the exercise ``name``, such as "week2/lru_cache"; returns the files in order.

    Raises:
        UsageError: the name is not a legal one, or the exercise is already there.
    """
    track, slash, module = name.partition("/")
    if not slash:
        raise UsageError(f"{name} lacks its track; write, for example, week2/{name}")
    for part in (track, module):
        if fault := layout.fault_of_name(part):
            raise UsageError(fault)
    if not layout.exercises(root).is_dir():
        raise UsageError(f"{root} is no kit: it has no folder exercises/")
    words = {
        "exercise_name": module,
        "track_name": track,
        "Exercise title": module.replace("_", " ").capitalize(),
    }
    visible, hidden = layout.exercises(root) / track / module, layout.solutions(root) / track / module
    for folder in (visible, hidden):
        if folder.exists():
            raise UsageError(f"{folder} is already there")
    written = _copy(layout.templates() / "exercise", visible, words)
    written += _copy(layout.templates() / "solution", hidden, words)
    stub, kept = layout.module_file(visible, module), layout.module_file(layout.stub_folder(hidden), module)
    kept.parent.mkdir()
    shutil.copyfile(stub, kept)
    return [*written, kept]


def _copy(source: Path, target: Path, words: dict[str, str]) -> list[Path]:
    """Copy a tree of text files, replacing ``words`` in names and contents."""
    written = []
    for template in sorted(path for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        path = target / _replaced(template.relative_to(source).as_posix(), words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_replaced(template.read_text(encoding="utf-8"), words), encoding="utf-8", newline="\n")
        written.append(path)
    return written


def _replaced(text: str, words: dict[str, str]) -> str:
    for word, replacement in words.items():
        text = text.replace(word, replacement)
    return text
