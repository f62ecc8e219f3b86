"""What a learner hands in for an exercise: the exercise's module and nothing beside it.

The tree it comes from, a folder or an archive, is not trusted. No link is followed below its top, so that
``exercises/week1/pools`` cannot be a link to the grader's own solution; only ordinary files are read, few and small;
a conftest.py, a json.py or a pyproject.toml beside the module is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from grader.catalog import layout
from grader.catalog.archives import is_archive, open_archive
from grader.catalog.trees import FolderTree, Kind, Parts, Tree, UnusableError
from grader.errors import UsageError, shown
from grader.model import Exercise, Submission

MAX_BYTES = 1024 * 1024
MAX_FILES = 200
MAX_DEPTH = 16


def find_submission(exercise: Exercise, source: Path | None = None) -> Submission:
    """What is handed in for ``exercise`` in ``source``; without one, the learner's work in ``exercises/``.

    ``source`` is a tree laid out like ``exercises/``, a folder with the exercise's files, a ``.zip`` or ``.tar.gz`` of
    either, or a single file. Whatever is wrong with it is told by ``Submission.problem``.

    Raises:
        UsageError: ``source`` is not there.
    """
    if source is None:
        return read_submission(exercise, exercise.folder)
    if not source.exists():
        raise UsageError(f"there is no file or folder {source} to grade")
    return _submission(exercise, source, lambda: _found(exercise, source))


def read_submission(exercise: Exercise, folder: Path) -> Submission:
    """The exercise's module as it lies in ``folder``: a learner's, a reference, an alternative, a mistake."""
    return _submission(exercise, folder, lambda: _module_files(exercise.module, FolderTree(folder), ()))


def was_handed_in(exercise: Exercise, source: Path) -> bool:
    """Whether ``source`` holds anything for the exercise, be it usable or not."""
    try:
        if tree := _tree(source):
            return _place(exercise, tree) is not None
    except (UnusableError, OSError):
        return True
    return source.name == layout.module_file(source.parent, exercise.module).name


def is_single_file(source: Path) -> bool:
    """Whether ``source`` can hold one exercise only: neither a folder nor an archive."""
    return not source.is_dir() and not (source.is_file() and is_archive(source))


def last_worked_on(exercises: Iterable[Exercise]) -> Exercise | None:
    """The exercise whose module in ``exercises/`` was changed last; None while all are still stubs."""
    latest: tuple[float, Exercise | None] = (0.0, None)
    for exercise in exercises:
        submission = read_submission(exercise, exercise.folder)
        if submission.files and not submission.is_stub:
            changed = max((exercise.folder / name).stat().st_mtime for name in submission.files)
            latest = max(latest, (changed, exercise), key=lambda pair: pair[0])
    return latest[1]


def _submission(exercise: Exercise, source: Path, find: Callable[[], dict[str, bytes]]) -> Submission:
    origin = shown(source)
    try:
        files = find()
        if not files:
            raise UnusableError(f"there is no {exercise.module}.py in {origin}")
    except UnusableError as problem:
        return Submission(origin, {}, problem=str(problem))
    except OSError as error:
        return Submission(origin, {}, problem=f"{error.filename} cannot be read: {error.strerror}")
    return Submission(origin, files, is_stub=_is_stub(exercise, files))


def _is_stub(exercise: Exercise, files: dict[str, bytes]) -> bool:
    """Whether the files are still the stub as it was handed out; space at the ends of lines is ignored."""
    stub = _module_files(exercise.module, FolderTree(layout.stub(exercise)), ())
    return bool(stub) and _stripped(stub) == _stripped(files)


def _stripped(files: dict[str, bytes]) -> dict[str, list[bytes]]:
    return {name: [line.rstrip() for line in content.rstrip().splitlines()] for name, content in files.items()}


def _tree(source: Path) -> Tree | None:
    """The folder or archive that was handed in; None for a single file."""
    if source.is_dir():
        return FolderTree(source)
    return None if is_single_file(source) else open_archive(source)


def _found(exercise: Exercise, source: Path) -> dict[str, bytes]:
    """The exercise's module in what was handed in; a single file may have any name."""
    tree = _tree(source)
    if tree is None:
        return {f"{exercise.module}.py": _content(FolderTree(source.parent), (source.name,), MAX_BYTES)}
    place = _place(exercise, tree)
    return {} if place is None else _module_files(exercise.module, tree, place)


def _place(exercise: Exercise, tree: Tree) -> Parts | None:
    """The folder that holds the exercise's module."""
    for place in layout.places(exercise):
        above = [_kind(tree, place[:end]) for end in range(len(place) + 1)]
        if all(kind is Kind.FOLDER for kind in above) and _module(exercise.module, tree, place):
            return place
    return None


def _module(name: str, tree: Tree, folder: Parts) -> Parts | None:
    """The module's package in ``folder`` or else its file, as Python would choose; None without either."""
    package, file = (*folder, name), (*folder, f"{name}.py")
    if _kind(tree, package) is Kind.FOLDER and tree.kind((*package, "__init__.py")) is Kind.FILE:
        return package
    if _kind(tree, file) is not Kind.MISSING:
        return file
    alike = [other for other in tree.names(folder) if other.casefold() == f"{name}.py"]
    if alike:
        raise UnusableError(f"there is no {name}.py in {tree.shown(folder)}, only {alike[0]}; rename it")
    return None


def _kind(tree: Tree, parts: Parts) -> Kind:
    """What lies there, which must not be a link to somewhere else."""
    kind = tree.kind(parts)
    if kind is Kind.LINK:
        raise UnusableError(f"{tree.shown(parts)} is a link; hand in what it leads to")
    return kind


def _module_files(name: str, tree: Tree, folder: Parts) -> dict[str, bytes]:
    """The content of a module that is one file or a package, by path below the exercise's folder; may be empty."""
    module = _module(name, tree, folder) if tree.kind(folder) is Kind.FOLDER else None
    if module is None:
        return {}
    _told_apart(tree, folder, [other for other in tree.names(folder) if other.casefold() == module[-1].casefold()])
    if module[-1] != name:
        return {f"{name}.py": _content(tree, module, MAX_BYTES)}
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    for parts in _ordinary_files(tree, module, depth=1):
        if len(files) == MAX_FILES:
            raise UnusableError(f"{tree.shown(module)} holds more than {MAX_FILES} files")
        content = _content(tree, parts, room)
        room -= len(content)
        files["/".join(parts[len(folder) :])] = content
    return files


def _ordinary_files(tree: Tree, folder: Parts, depth: int) -> Iterator[Parts]:
    """The files below ``folder`` in order, without links, hidden files, caches and devices."""
    if depth > MAX_DEPTH:
        raise UnusableError(f"{tree.shown(folder)} lies more than {MAX_DEPTH} folders deep")
    names: list[str] = []
    for name in tree.names(folder):
        if name[0] != "." and name != "__pycache__":
            names.append(name)
        if len(names) > MAX_FILES:
            raise UnusableError(f"{tree.shown(folder)} holds more than {MAX_FILES} files")
    _told_apart(tree, folder, names)
    for name in sorted(names):
        if not name.isprintable():
            raise UnusableError(f"{tree.shown(folder)} holds a file whose name cannot be printed")
        kind = tree.kind((*folder, name))
        if kind is Kind.FOLDER:
            yield from _ordinary_files(tree, (*folder, name), depth + 1)
        elif kind is Kind.FILE:
            yield (*folder, name)


def _told_apart(tree: Tree, folder: Parts, names: Iterable[str]) -> None:
    """Every name is another one on machines, too, that do not tell capitals from small letters."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        if other := seen.get(name.casefold()):
            raise UnusableError(f"{tree.shown(folder)} holds both {other} and {name}; hand in one of them")
        seen[name.casefold()] = name


def _content(tree: Tree, parts: Parts, room: int) -> bytes:
    """The bytes of one ordinary file, at most ``room`` of them."""
    if _kind(tree, parts) is not Kind.FILE:
        raise UnusableError(f"{tree.shown(parts)} is not an ordinary file")
    content = tree.content(parts, room + 1)
    if len(content) > room:
        raise UnusableError(f"{tree.shown(parts)} is too large: all files together may have {MAX_BYTES // 1024} KiB")
    return content
