"""Whether a dictionary has been changed, by the interpreter's own count of changes, which is cheap to look at.

To compare values, even by identity, writes to their reference counts, and a forked process copies every page that it
writes to. CPython gives each dictionary a number that is new after every change (PEP 509, "private dict version"); it
is read here from where it lies in memory. Where a test of it fails, in another interpreter or a later one, nothing is
said, and whoever asks has to compare.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Mapping
from typing import Any

_OFFSET = 3 * ctypes.sizeof(ctypes.c_void_p)  # behind reference count, type and number of entries
_NUMBER = ctypes.c_ubyte * 8


def version(names: Mapping[str, Any]) -> memoryview | None:
    """The bytes of a dictionary's version, for as long as it lives; of a class's dictionary, too."""
    if not _ARE_THERE:
        return None
    if not isinstance(names, dict):
        (names,) = gc.get_referents(names)  # a class shows its dictionary through a proxy
    return _bytes(names)


def _bytes(names: Mapping[str, Any]) -> memoryview:
    return memoryview(_NUMBER.from_address(id(names) + _OFFSET)).cast("B")


def _are_there() -> bool:
    """Whether the bytes change with each change, and only then."""
    names: dict[str, object] = {"a": 1, "b": 2}
    number = _bytes(names)
    seen = [number.tobytes()]
    for change in ({"a": 3}, {"c": 4}, {"c": None}, {"a": 1}):
        names.update(change)
        seen.append(number.tobytes())
    del names["b"]
    seen.append(number.tobytes())
    return len(set(seen)) == len(seen) and number.tobytes() == seen[-1]


_ARE_THERE = _are_there()
