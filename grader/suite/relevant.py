"""Which of the calls that came before an example have to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from grader.cell.remote import Method, Remote

if TYPE_CHECKING:
    from grader.suite.transcript import Entry

_DEPTH = 4
_ALONE = ("method", "operate", "set")  # what concerns nothing but the objects that it names


def relevant(before: list[Entry], example: list[Entry], roots: tuple[Any, ...]) -> list[Entry]:
    """Those of ``before`` that share an object with ``example``, or with another that does. ``roots`` do not count."""
    if not example:
        return before
    ignored = {id(root) for root in roots}
    found = [entry for entry in (*before, *example) if entry.kind == "get" and id(entry.target) in ignored]
    ignored |= {id(entry.outcome) for entry in found}
    used = {number for entry in example for number in _objects(entry)} - ignored
    kept = []
    for entry in reversed(before):
        own = set(_objects(entry)) - ignored
        makes = isinstance(entry.outcome, Remote) and entry.kind == "call"
        if own & used or not (entry.kind in _ALONE or makes or isinstance(entry.outcome, Method)):
            kept.append(entry)
            used |= own
    return kept[::-1]


def _objects(entry: Entry) -> Iterator[int]:
    for value in (entry.target, entry.outcome, *entry.args, *entry.kwargs.values()):
        yield from _inside(value, 0)


def _inside(value: Any, depth: int) -> Iterator[int]:
    if isinstance(value, Method):
        value = value._owner
    if isinstance(value, Remote):
        yield id(value)
    elif depth < _DEPTH and isinstance(value, (list, tuple, dict)):
        for item in list(value.values() if isinstance(value, dict) else value)[:100]:
            yield from _inside(item, depth + 1)
