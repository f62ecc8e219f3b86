"""Who handed in what: a folder, an archive or a list of submissions, as names and the places where their work lies."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.catalog.archives import ENDINGS, OTHER_ENDINGS, unpack
from grader.catalog.trees import UnusableError
from grader.errors import UnavailableError, UsageError, shown

_ENDINGS = (*ENDINGS, *OTHER_ENDINGS, ".py")  # of what cannot be read the report says so: nobody is passed over
_COLUMNS = ("name", "submission")
_SEPARATORS = ",;\t"  # as spreadsheets write them, by country


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission of a course."""

    name: str  # the learner's, unique in the course; also the name of the report's file
    place: Path  # a folder, an archive or a file; need not be there


def read_roster(source: Path, unpacked: Path, say: Callable[[str], None] = lambda _text: None) -> list[Entry]:
    """The submissions in ``source``, by name.

    ``source`` is a folder or an archive that holds one folder, archive or file for each submission, or a CSV file with
    the columns ``name`` and ``submission``, places seen from the file. An archive is unpacked below ``unpacked``.
    ``say`` is told what was left out.

    Raises:
        UsageError: it is not there, holds nothing, or two submissions have one name.
        UnavailableError: there is no room to unpack it.
    """
    if not source.exists():
        raise UsageError(f"there is no file or folder {source} to grade")
    if source.is_dir():
        entries = _in_folder(source, say)
    elif source.suffix.lower() == ".csv":
        entries = _in_list(source)
    else:
        try:
            with source.open("rb") as archive:  # what another archive held is not taken for this one's
                unpacked /= hashlib.file_digest(archive, "sha256").hexdigest()[:16]
            unpack(source, unpacked)
        except UnusableError as error:
            raise UsageError(f"{error}; name a folder, a .zip, a .tar.gz or a .csv of submissions") from None
        except OSError as error:
            raise UnavailableError(
                f"{shown(source)} cannot be unpacked to {shown(unpacked)}: {error.strerror}"
            ) from None
        entries = _in_folder(unpacked, say)
    if not entries:
        raise UsageError(f"{source} holds no submissions; it should hold one folder, archive or file for each")
    return _named_once(sorted(entries, key=lambda entry: entry.name), source)


def _in_folder(folder: Path, say: Callable[[str], None]) -> list[Entry]:
    """Each folder, archive and Python file is a submission, whose name it has."""
    places = [path for path in folder.iterdir() if path.name[0] not in "._"]
    taken = [path for path in places if not path.is_symlink() and (path.is_dir() or _ending(path))]
    if left_out := sorted(place.name for place in set(places).difference(taken)):
        say(f"left out: {', '.join(map(repr, left_out))}; a submission is a folder, an archive or a .py, and no link")
    return [Entry(path.name if path.is_dir() else path.name[: -len(_ending(path))], path) for path in taken]


def _ending(file: Path) -> str:
    """The end of a name by which a file is a submission; empty if it is none."""
    return next((end for end in _ENDINGS if file.name.lower().endswith(end)), "")


def _in_list(file: Path) -> list[Entry]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        head = [column.strip().casefold() for column in next(reader, [])]
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{shown(file)} cannot be read as CSV in UTF-8: {error}") from None
    if not set(head).issuperset(_COLUMNS):
        came = f"it has {', '.join(map(repr, head)) or 'none'}"
        raise UsageError(f"{shown(file)}:1: expected the columns {' and '.join(_COLUMNS)}; {came}")
    return [_listed(file, line, head, row) for line, row in rows]


def _listed(file: Path, line: int, head: list[str], row: list[str]) -> Entry:
    if len(row) > len(head):
        raise UsageError(f"{shown(file)}:{line}: holds more values than columns; put quotes around what holds commas")
    values = dict(zip(head, row, strict=False))
    name, place = (values.get(column, "").strip() for column in _COLUMNS)
    if not name or not place:
        raise UsageError(f"{shown(file)}:{line}: expected a value for {' and '.join(_COLUMNS)}")
    return Entry(name, file.parent / place)


def _named_once(entries: list[Entry], source: Path) -> list[Entry]:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if not entry.name.isprintable() or "/" in entry.name or entry.name[0] == "." or len(entry.name.encode()) > 200:
            raise UsageError(f"{source}: {entry.name!r} cannot be the name of a report's file")
        if other := seen.get(entry.name.casefold()):
            raise UsageError(f"{source} holds two submissions of {entry.name}: {other.place} and {entry.place}")
        seen[entry.name.casefold()] = entry
    return entries
