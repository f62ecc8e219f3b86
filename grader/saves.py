"""Which exercises were saved since the last look.

Looks at the files, some times a second, and does not wait for file events: those do not arrive from network mounts,
shared folders of virtual machines and many containers, and a thread that waits for them must not be there when cells
are forked. A look at a hundred exercises takes some milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.model import Exercise

Mark = frozenset[tuple[str, int, int, int]]


class Saves:
    """What the exercises' folders looked like, to tell what has changed."""

    def __init__(self, exercises: Iterable[Exercise]) -> None:
        self._exercises = {exercise.name: exercise for exercise in exercises}
        self._settled = {name: mark(exercise.folder) for name, exercise in self._exercises.items()}
        self._moving: dict[str, Mark] = {}

    def look(self) -> list[Exercise]:
        """The exercises that were saved: changed since they were last told of, and no more since the last look.

        A file that is still being written is thus told of once, when it is whole.
        """
        saved = []
        for name, exercise in self._exercises.items():
            now = mark(exercise.folder)
            if now == self._settled[name]:
                self._moving.pop(name, None)
            elif self._moving.get(name) == now:
                del self._moving[name]
                self._settled[name] = now
                saved.append(exercise)
            else:
                self._moving[name] = now
        return saved

    @property
    def is_moving(self) -> bool:
        """Whether something has changed that has not been told of yet, so that another look is due soon."""
        return bool(self._moving)


def mark(folder: Path) -> Mark:
    """What changes when a file below ``folder`` is saved: names, times, sizes and places on the disk."""
    return frozenset(_marks(str(folder)))


def _marks(folder: str) -> Iterator[tuple[str, int, int, int]]:
    try:
        with os.scandir(folder) as scan:
            for entry in scan:
                if entry.name[0] == "." or entry.name == "__pycache__":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _marks(entry.path)
                    continue
                found = entry.stat(follow_symlinks=False)
                yield entry.path, found.st_mtime_ns, found.st_size, found.st_ino
    except OSError:
        return  # it is being moved; the next look finds it
