"""What a learner hands in for an exercise: the exercise's module and nothing beside it.

The tree it comes from is not trusted. No link is followed below its top, so that ``exercises/week1/pools``
cannot be a link to the grader's own solution; only ordinary files are read, few and small; a conftest.py,
a json.py or a pyproject.toml beside the module is never looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from grader.catalog import layout
from grader.errors import UsageError, shown
from grader.model import Exercise, Submission

MAX_BYTES = 1024 * 1024
MAX_FILES = 200
MAX_DEPTH = 16


class UnusableError(Exception):
    """Why what was handed in cannot be graded, for its author."""


def find_submission(exercise: Exercise, source: Path | None = None) -> Submission:
    """What is handed in for ``exercise`` in ``source``; without one, the learner's work in ``exercises/``.

    ``source`` is a tree laid out like ``exercises/``, a folder with the exercise's files, or a single file.
    Whatever is wrong with it is told by ``Submission.problem``.

    Raises:
        UsageError: ``source`` is not there.
    """
    if source is None:
        return read_submission(exercise, exercise.folder)
    if not source.exists():
        raise UsageError(f"there is no file or folder {source} to grade")
    return _submission(exercise, source, lambda: _locate(exercise, source))


def read_submission(exercise: Exercise, folder: Path) -> Submission:
    """The exercise's module as it lies in ``folder``: a learner's, a reference, an alternative, a mistake."""
    return _submission(exercise, folder, lambda: _module(exercise, folder))


def was_handed_in(exercise: Exercise, source: Path) -> bool:
    """Whether ``source`` holds anything for the exercise, be it usable or not."""
    if not source.is_dir():
        return source.name == layout.module_file(source.parent, exercise.module).name
    try:
        return _locate(exercise, source) is not None
    except (UnusableError, OSError):
        return True


def last_worked_on(exercises: Iterable[Exercise]) -> Exercise | None:
    """The exercise whose module in ``exercises/`` was changed last; None while all are still stubs."""
    latest: tuple[float, Exercise | None] = (0.0, None)
    for exercise in exercises:
        submission = read_submission(exercise, exercise.folder)
        if submission.files and not submission.is_stub:
            changed = max((exercise.folder / name).stat().st_mtime for name in submission.files)
            latest = max(latest, (changed, exercise), key=lambda pair: pair[0])
    return latest[1]


def _submission(exercise: Exercise, source: Path, find: Callable[[], Path | None]) -> Submission:
    origin = shown(source)
    try:
        module = find()
        if module is None:
            raise UnusableError(f"there is no {exercise.module}.py in {origin}")
        files = _files(exercise.module, module)
    except UnusableError as problem:
        return Submission(origin, {}, problem=str(problem))
    except OSError as error:
        return Submission(origin, {}, problem=f"{error.filename} cannot be read: {error.strerror}")
    return Submission(origin, files, is_stub=_is_stub(exercise, files))


def _is_stub(exercise: Exercise, files: dict[str, bytes]) -> bool:
    """Whether the files are still the stub as it was handed out; space at the ends of lines is ignored."""
    module = _module(exercise, layout.stub(exercise))
    return module is not None and _stripped(_files(exercise.module, module)) == _stripped(files)


def _stripped(files: dict[str, bytes]) -> dict[str, list[bytes]]:
    return {name: [line.rstrip() for line in content.rstrip().splitlines()] for name, content in files.items()}


def _locate(exercise: Exercise, source: Path) -> Path | None:
    """The exercise's module in what was handed in; a single file may have any name."""
    if not source.is_dir():
        return source
    for parts in layout.places(exercise):
        folder = source
        for part in parts:
            folder = _own(folder / part)
        if module := _module(exercise, folder):
            return module
    return None


def _module(exercise: Exercise, folder: Path) -> Path | None:
    """The module's package in ``folder`` or else its file, as Python would choose; None without either."""
    package = _own(layout.module_package(folder, exercise.module))
    if (package / "__init__.py").is_file():
        return package
    file = _own(layout.module_file(folder, exercise.module))
    return file if file.exists() else None


def _own(path: Path) -> Path:
    """The path itself, which must not be a link to somewhere else."""
    if path.is_symlink():
        raise UnusableError(f"{shown(path)} is a link; hand in what it leads to")
    return path


def _files(name: str, module: Path) -> dict[str, bytes]:
    """The content of a module that is one file or a package, by path below the exercise's folder."""
    if not module.is_dir():
        return {f"{name}.py": _content(module, MAX_BYTES)}
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    for path in _ordinary_files(module, depth=1):
        if len(files) == MAX_FILES:
            raise UnusableError(f"{shown(module)} holds more than {MAX_FILES} files")
        content = _content(path, room)
        room -= len(content)
        files[f"{name}/{path.relative_to(module).as_posix()}"] = content
    return files


def _ordinary_files(folder: Path, depth: int) -> Iterator[Path]:
    """The files below ``folder`` in order, without links, hidden files, caches and devices."""
    if depth > MAX_DEPTH:
        raise UnusableError(f"{shown(folder)} lies more than {MAX_DEPTH} folders deep")
    entries = []
    with os.scandir(folder) as scan:
        for entry in scan:
            if entry.name[0] != "." and entry.name != "__pycache__":
                entries.append(entry)
            if len(entries) > MAX_FILES:
                raise UnusableError(f"{shown(folder)} holds more than {MAX_FILES} files")
    for entry in sorted(entries, key=lambda entry: entry.name):
        if not entry.name.isprintable():
            raise UnusableError(f"{shown(folder)} holds a file whose name cannot be printed")
        if entry.is_dir(follow_symlinks=False):
            yield from _ordinary_files(Path(entry.path), depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _content(path: Path, room: int) -> bytes:
    """The bytes of one ordinary file, at most ``room`` of them; never a link's, never waiting at a pipe."""
    wanted = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # what this system knows of them
    flags = sum(getattr(os, name, 0) for name in wanted)
    with os.fdopen(os.open(_own(path), os.O_RDONLY | flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnusableError(f"{shown(path)} is not an ordinary file")
        content = file.read(room + 1)
    if len(content) > room:
        raise UnusableError(f"{shown(path)} is too large: all files together may have {MAX_BYTES // 1024} KiB")
    return content
