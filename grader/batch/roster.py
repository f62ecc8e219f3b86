"""Who handed in what: a folder, an archive or a list of submissions, as names and the places where their work lies."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from grader.catalog.archives import unpack
from grader.catalog.trees import UnusableError
from grader.errors import UsageError, shown

_ENDINGS = (".tar.gz", ".tgz", ".zip", ".py")
_COLUMNS = ("name", "submission")


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission of a course."""

    name: str  # the learner's, unique in the course; also the name of the report's file
    place: Path  # a folder, an archive or a file; need not be there


def read_roster(source: Path, unpacked: Path) -> list[Entry]:
    """The submissions in ``source``, by name.

    ``source`` is a folder or an archive that holds one folder, archive or file for each submission, or a CSV file with
    the columns ``name`` and ``submission``, places seen from the file. An archive is unpacked to ``unpacked``.

    Raises:
        UsageError: it is not there, holds nothing, or two submissions have one name.
    """
    if not source.exists():
        raise UsageError(f"there is no file or folder {source} to grade")
    if source.is_dir():
        entries = _in_folder(source)
    elif source.suffix.lower() == ".csv":
        entries = _in_list(source)
    else:
        try:
            unpack(source, unpacked)
        except UnusableError as error:
            raise UsageError(f"{error}; name a folder, a .zip, a .tar.gz or a .csv of submissions") from None
        entries = _in_folder(unpacked)
    if not entries:
        raise UsageError(f"{source} holds no submissions; it should hold one folder, archive or file for each")
    return _named_once(sorted(entries, key=lambda entry: entry.name), source)


def _in_folder(folder: Path) -> list[Entry]:
    """Each folder, archive and Python file is a submission, whose name it has."""
    places = [path for path in folder.iterdir() if path.name[0] not in "._" and not path.is_symlink()]
    return [Entry(_name(place), place) for place in places if place.is_dir() or place.name.endswith(_ENDINGS)]


def _name(place: Path) -> str:
    ending = "" if place.is_dir() else next(ending for ending in _ENDINGS if place.name.endswith(ending))
    return place.name.removesuffix(ending)


def _in_list(file: Path) -> list[Entry]:
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{shown(file)} cannot be read as CSV in UTF-8: {error}") from None
    entries = []
    for number, row in enumerate(rows, 2):
        if not all((row.get(column) or "").strip() for column in _COLUMNS):
            raise UsageError(
                f"{shown(file)}:{number}: expected the columns {' and '.join(_COLUMNS)}, each with a value"
            )
        entries.append(Entry(row["name"].strip(), file.parent / row["submission"].strip()))
    return entries


def _named_once(entries: list[Entry], source: Path) -> list[Entry]:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if not entry.name.isprintable() or "/" in entry.name or entry.name[0] == "." or len(entry.name.encode()) > 200:
            raise UsageError(f"{source}: {entry.name!r} cannot be the name of a report's file")
        if other := seen.get(entry.name.casefold()):
            raise UsageError(f"{source} holds two submissions of {entry.name}: {other.place} and {entry.place}")
        seen[entry.name.casefold()] = entry
    return entries
