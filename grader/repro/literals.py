"""Any plain value as Python source, whole but short: what repeats or counts is written as what it is."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

#: Source for what is not plain.
Other = Callable[[Any], str]

_LONG = 60  # items or characters from which on a repetition is looked for
_DICTS = (dict, OrderedDict, defaultdict, Counter)
_NAMED = {dt.date, dt.time, dt.datetime, dt.timedelta, Decimal, Fraction, UUID, complex}


def literal(value: Any, other: Other) -> str:
    """Source of an expression that makes ``value``; the names in it are those of ``IMPORTS``."""
    kind = type(value)
    if kind is float:
        return _float(value)
    if kind is str or kind is bytes:
        return _text(value)
    if value is None or kind is bool or kind is int:
        return repr(value)
    if kind in (list, tuple, set, frozenset):
        return _collection(value, kind, other)
    if kind in _DICTS:
        return "{" + ", ".join(f"{literal(key, other)}: {literal(item, other)}" for key, item in value.items()) + "}"
    if kind in _NAMED:
        return repr(value)
    if kind is ZoneInfo:
        return f"zoneinfo.ZoneInfo({value.key!r})"
    return other(value)


#: What the names in a literal need, by the text that shows the need.
IMPORTS = {
    "inf": "from math import inf",
    "nan": "from math import nan",
    "datetime.": "import datetime",
    "zoneinfo.": "import zoneinfo",
    "Decimal(": "from decimal import Decimal",
    "Fraction(": "from fractions import Fraction",
    "UUID(": "from uuid import UUID",
}


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _text(value: Any) -> str:
    if len(value) >= _LONG:
        for size in (1, 2, 3, 4, 8):
            part = value[:size]
            if part * (len(value) // size) == value:
                return f"{part!r} * {len(value) // size}"
        run = len(value) - len(value.lstrip(value[:1]))
        if run > len(value) // 2 > _LONG:
            return f"{value[:1]!r} * {run} + {value[run:]!r}"
        run = len(value) - len(value.rstrip(value[-1:]))
        if run > len(value) // 2 > _LONG:
            return f"{value[:-run]!r} + {value[-1:]!r} * {run}"
    return repr(value)


def _collection(value: Any, kind: type, other: Other) -> str:
    if not value:
        return repr(value)
    if kind in (set, frozenset):
        inside = ", ".join(sorted(literal(item, other) for item in value))
        return f"{{{inside}}}" if kind is set else f"frozenset({{{inside}}})"
    if len(value) >= _LONG and kind is list:
        if all(type(item) is int for item in value):
            step = value[1] - value[0]
            if step and list(range(value[0], value[0] + step * len(value), step)) == value:
                return f"list(range({value[0]}, {value[0] + step * len(value)}, {step}))"
        first = literal(value[0], other)
        if all(type(item) is type(value[0]) and item == value[0] for item in value[1:]):
            return f"[{first}] * {len(value)}" if type(value[0]) is not list else _listed(value, other)
    return _listed(value, other)


def _listed(value: Any, other: Other) -> str:
    items = [literal(item, other) for item in value]
    if type(value) is tuple:
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return f"[{', '.join(items)}]"
