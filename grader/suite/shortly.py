"""Values written as Python, cut to a bounded length. Nothing of a submission's is called."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

LENGTH = 160
_ITEMS = 8
_DEPTH = 5


def shortly(value: Any, length: int = LENGTH, *, quote: bool = True, names: Mapping[int, str] | None = None) -> str:
    """``value`` as Python writes it, with what is too long replaced by ``...`` and a count."""
    try:
        text = value if type(value) is str and not quote else _write(value, names or {}, _DEPTH, length)
    except Exception:  # noqa: BLE001 - such as a number of too many digits, wherever it lies inside
        text = f"<{type(value).__name__} that cannot be shown>"
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _write(value: Any, names: Mapping[int, str], depth: int, length: int) -> str:
    name = names.get(id(value))
    if name is not None:
        return name
    kind = type(value)
    if kind is str or kind is bytes:
        if len(value) > length:
            half = length // 3
            return f"{value[:half]!r}... ({len(value):,} in all)"
        return repr(value)
    if kind is int and value.bit_length() > 256:
        return f"{'-' if value < 0 else ''}<int of {value.bit_length():,} bits>"
    if kind in (list, tuple, set, frozenset):
        return _collection(value, kind, names, depth, length)
    if kind is dict:
        if depth == 0:
            return "{...}"
        items = [
            f"{_write(key, names, depth - 1, length)}: {_write(item, names, depth - 1, length)}"
            for key, item in list(value.items())[:_ITEMS]
        ]
        return "{" + ", ".join(items + _more(len(value))) + "}"
    if kind is FunctionType:  # the suite's own, handed to the submission
        return str(value.__name__)
    return repr(value)


def _collection(value: Any, kind: type, names: Mapping[int, str], depth: int, length: int) -> str:
    if not value:
        return repr(value)
    ordered = sorted(value, key=repr) if kind in (set, frozenset) and len(value) <= 1000 else list(value)
    inside = (
        "..."
        if depth == 0
        else ", ".join([_write(item, names, depth - 1, length) for item in ordered[:_ITEMS]] + _more(len(value)))
    )
    if kind is list:
        return f"[{inside}]"
    if kind is tuple:
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return f"{{{inside}}}" if kind is set else f"frozenset({{{inside}}})"


def _more(count: int) -> list[str]:
    return [f"... {count - _ITEMS:,} more"] if count > _ITEMS else []
