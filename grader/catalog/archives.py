"""Archives that were handed in: ``.zip`` and ``.tar.gz``, listed and read in memory, never unpacked to the disk.

What no honest tool writes makes the whole archive unusable: a name that leads out of it, that is no text or that comes
twice, more members or bytes than any hand-in has. A link or a device is only listed: it counts if it lies where
the exercise should.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import IO

from grader.catalog.trees import Kind, Parts, UnusableError, kind_of_mode
from grader.errors import shown


@dataclass(frozen=True)
class Bounds:
    """What an archive may have. Sizes are in MiB."""

    packed: int
    unpacked: int
    members: int
    kept: int  # of one member of a .tar.gz, which is read from front to end once


ONE = Bounds(packed=16, unpacked=64, members=10_000, kept=2)  # of a single submission
COURSE = Bounds(packed=2048, unpacked=8192, members=500_000, kept=16)  # of all the submissions of a course

ENDINGS = (".tar.gz", ".tgz", ".zip")
OTHER_ENDINGS = (".tar", ".tar.bz2", ".tar.xz", ".rar", ".7z", ".gz")  # of archives that cannot be read

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # with members, and empty
_GZIP = b"\x1f\x8b"
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, RuntimeError,
    NotImplementedError, ValueError, OverflowError, struct.error,
)  # fmt: skip # what the standard library raises for archives that are damaged, encrypted or of a later make

_Read = Callable[[int], bytes]


def is_archive(path: Path) -> bool:
    """Whether a file is an archive by its first bytes, or should be one by its name."""
    with path.open("rb") as file:
        start = file.read(4)
    return start in _ZIP or start.startswith(_GZIP) or path.name.lower().endswith(ENDINGS + OTHER_ENDINGS)


def open_archive(path: Path) -> ArchiveTree:
    """The tree in an archive.

    Raises:
        UnusableError: it is damaged, too large, or nothing that an honest tool writes.
    """
    status = path.stat()
    return _opened(path, status.st_mtime_ns, status.st_size)


def unpack(path: Path, into: Path) -> None:
    """Writes the ordinary files of a course's archive below ``into``: nothing else, and nowhere else.

    Raises:
        UnusableError: as for :func:`open_archive`.
    """
    names = ArchiveTree(shown(path))
    with path.open("rb") as archive:
        for member, kind, read in _members(shown(path), archive, COURSE):
            parts = names.add(member, kind, _nothing)
            if kind is Kind.FILE:
                file = into.joinpath(*parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(read(COURSE.kept << 20))


@lru_cache(maxsize=2)
def _opened(path: Path, _changed: int, _size: int) -> ArchiveTree:
    """Read once for all the exercises that are looked for in it."""
    tree = ArchiveTree(shown(path))
    with path.open("rb") as file:
        archive = io.BytesIO(file.read((ONE.packed << 20) + 1))
    for member, kind, read in _members(shown(path), archive, ONE):
        tree.add(member, kind, read)
    return tree


def _members(name: str, file: IO[bytes], bounds: Bounds) -> Iterator[tuple[str, Kind, _Read]]:
    """Each member's name as it is written there, what it is, and how to read it while the file is open."""
    if file.seek(0, io.SEEK_END) > bounds.packed << 20:
        raise UnusableError(f"{name} is too large: an archive may have {bounds.packed} MiB")
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start in _ZIP:
        members = _zip_members(file)
    elif start.startswith(_GZIP):
        members = _tar_members(file, bounds)
    else:
        raise UnusableError(f"{name} is neither a .zip nor a .tar.gz archive, whatever its name says")
    try:
        for number, member in enumerate(members):
            if number == bounds.members:
                raise UnusableError(f"{name} holds more than {bounds.members} members")
            yield member
    except _BROKEN as error:
        raise UnusableError(f"{name} cannot be read: {str(error) or type(error).__name__}") from None


class ArchiveTree:
    """What an archive holds. A top folder around everything, as hosting sites and many tools add, is left out."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._members: dict[Parts, tuple[Kind, _Read]] = {(): (Kind.FOLDER, _nothing)}

    def add(self, name: str, kind: Kind, read: _Read) -> Parts:
        """Takes a member in, and the folders above it; the parts of its name."""
        parts = self._parts(name)
        before = self._members.get(parts, (None, None))[0]
        if before is not None and not (before is kind is Kind.FOLDER):
            raise UnusableError(f"{self._name} holds {name!r} twice")
        for end in range(1, len(parts)):
            above = self._members.setdefault(parts[:end], (Kind.FOLDER, _nothing))[0]
            if above is not Kind.FOLDER:
                raise UnusableError(f"{self._name} holds {name!r} below {above.value}")
        self._members[parts] = kind, read
        return parts

    def _parts(self, name: str) -> Parts:
        """The parts of a member's name, which must not lead out of the archive."""
        try:
            name.encode()
        except UnicodeEncodeError:
            raise UnusableError(f"{self._name} holds a name that is not UTF-8: {name!a}") from None
        if not name or not name.isprintable():
            raise UnusableError(f"{self._name} holds a name that cannot be printed: {name!a}")
        if name.startswith("/") or "\\" in name or ":" in name.split("/")[0] or ".." in name.split("/"):
            raise UnusableError(f"{self._name} holds a name that leads out of it: {name!r}")
        return tuple(part for part in name.split("/") if part not in ("", "."))

    def shown(self, parts: Parts) -> str:
        return "/".join((self._name, *parts))

    def kind(self, parts: Parts) -> Kind:
        return self._members.get(self._below_top(parts), (Kind.MISSING, _nothing))[0]

    def names(self, parts: Parts) -> Iterator[str]:
        folder = self._below_top(parts)
        return (path[-1] for path in self._members if path and path[:-1] == folder)

    def content(self, parts: Parts, most: int) -> bytes:
        try:
            return self._members[self._below_top(parts)][1](most)
        except _BROKEN as error:
            reason = str(error) or type(error).__name__
            raise UnusableError(f"{self.shown(parts)} cannot be read: {reason}") from None

    def _below_top(self, parts: Parts) -> Parts:
        """The path itself or, where there is none, the same below the only folder at the top."""
        if parts not in self._members:
            tops = [path[0] for path in self._members if len(path) == 1 and path[0][0] != "." and path[0] != "__MACOSX"]
            if len(tops) == 1:
                return (tops[0], *parts)
        return parts


def _nothing(_most: int) -> bytes:
    return b""


def _zip_members(file: IO[bytes]) -> Iterator[tuple[str, Kind, _Read]]:
    archive = zipfile.ZipFile(file)
    for member in archive.infolist():
        mode = member.external_attr >> 16 if member.create_system == 3 else 0  # 3: Unix
        kind = Kind.FOLDER if member.is_dir() else kind_of_mode(mode) if mode >> 12 else Kind.FILE
        yield member.orig_filename, kind, partial(_unzipped, archive, member)


def _unzipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile("it is compressed by a method other than deflate")  # whose output has no bound
    with archive.open(member) as file:
        return file.read(most)


def _tar_members(file: IO[bytes], bounds: Bounds) -> Iterator[tuple[str, Kind, _Read]]:
    unpacked = _Limited(gzip.GzipFile(fileobj=file), bounds.unpacked)
    with tarfile.open(fileobj=unpacked, mode="r|") as archive:
        for member in archive:
            kind = Kind.FOLDER if member.isdir() else Kind.LINK if member.islnk() or member.issym() else Kind.OTHER
            content = b""
            if member.isreg() and not member.issparse() and (content_file := archive.extractfile(member)):
                kind = Kind.FILE
                content = content_file.read(bounds.kept << 20)
            yield member.name, kind, _kept(content)


def _kept(content: bytes) -> _Read:
    return lambda most: content[:most]


class _Limited(io.RawIOBase):
    """A stream that ends with an error once more has come out of it than any hand-in has."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream = stream
        self._most = most
        self._room = most << 20

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(min(size, self._room + 1) if size >= 0 else self._room + 1)
        self._room -= len(content)
        if self._room < 0:
            raise UnusableError(f"unpacked, the archive has more than {self._most} MiB")
        return content
