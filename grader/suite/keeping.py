"""What a transcript keeps of an answer: the answer itself if it is small, else only how it is written.

A submission may answer every call of a check with all that one frame holds, and the suite's process has no limit.
"""

from __future__ import annotations

from typing import Any

from grader.cell.remote import Record
from grader.suite.shortly import shortly

_MOST = 2_000  # items and characters that are kept as they are
_CONTAINERS = (list, tuple, set, frozenset)


class Written:
    """A value that is gone; what is left is its text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def kept(value: Any) -> Any:
    """``value``, or what stands for it when it is large."""
    return value if type(value) in (type(None), bool, float) or _room(value, _MOST) >= 0 else Written(shortly(value))


def _room(value: Any, room: int) -> int:
    """What is left of ``room`` when ``value`` has been put into it; below 0 as soon as it does not fit."""
    kind = type(value)
    if kind in (str, bytes):
        return int(room - len(value))
    if kind is int:
        return room - int(value.bit_length()) // 8
    if kind is dict:
        parts = [*value.keys(), *value.values()] if len(value) <= room else None
    elif isinstance(value, Record):
        parts = list(value._fields.values())
    elif kind in _CONTAINERS:
        parts = value if len(value) <= room else None
    else:
        return room - 1
    if parts is None:
        return -1
    room -= len(parts)
    for part in parts:
        if room < 0:
            break
        room = _room(part, room)
    return room
