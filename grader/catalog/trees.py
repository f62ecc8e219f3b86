"""What a hand-in is read from: a folder on the disk or an archive, seen alike and never followed, never unpacked.

A tree answers for one path at a time, given as the parts below its top. It tells what lies there without following
a link, and reads no more of a file than it is asked for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Protocol

from grader.errors import shown

Parts = tuple[str, ...]


class UnusableError(Exception):
    """Why what was handed in cannot be graded, for its author."""


class Kind(Enum):
    """What lies at a path."""

    MISSING = "missing"
    FILE = "an ordinary file"
    FOLDER = "a folder"
    LINK = "a link"
    OTHER = "neither a file nor a folder"  # a device, a pipe, a socket


class Tree(Protocol):
    """What was handed in. Any method may raise ``UnusableError``, or ``OSError`` where the disk has its say."""

    def shown(self, parts: Parts) -> str:
        """The path as a person would write it."""

    def kind(self, parts: Parts) -> Kind:
        """What lies there; the parts above it are folders."""

    def names(self, parts: Parts) -> Iterator[str]:
        """What a folder holds, in no order."""

    def content(self, parts: Parts, most: int) -> bytes:
        """The first ``most`` bytes of an ordinary file."""


class FolderTree:
    """A folder on the disk."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def shown(self, parts: Parts) -> str:
        return shown(self._top.joinpath(*parts))

    def kind(self, parts: Parts) -> Kind:
        try:
            mode = os.lstat(self._top.joinpath(*parts)).st_mode if parts else self._top.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return Kind.MISSING
        return kind_of_mode(mode)

    def names(self, parts: Parts) -> Iterator[str]:
        with os.scandir(self._top.joinpath(*parts)) as entries:
            for entry in entries:
                yield entry.name

    def content(self, parts: Parts, most: int) -> bytes:
        """Never a link's, and never waiting at a pipe."""
        wanted = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # what this system knows of them
        flags = sum(getattr(os, name, 0) for name in wanted)
        with os.fdopen(os.open(self._top.joinpath(*parts), os.O_RDONLY | flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnusableError(f"{self.shown(parts)} is not an ordinary file")
            return file.read(most)


def kind_of_mode(mode: int) -> Kind:
    """What a file is by its mode, as ``lstat`` gives it."""
    kinds = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
    return kinds.get(stat.S_IFMT(mode), Kind.OTHER)
