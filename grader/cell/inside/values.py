"""Plain values as MessagePack trees, exactly typed; one codec for both sides of the channel.

MessagePack knows no tuple, set or big integer, so every container and every richer scalar travels as an array whose
first item is a tag: ``(1, "a")`` is ``[TUPLE, 1, "a"]``. Only exact types are plain. Whatever else there is goes to a
hook: inside the cell it becomes a handle, outside it is refused or becomes a callback.

Decoding never calls anything that a submission defined: it builds builtin types from counted, bounded parts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

MAX_FRAME = 1 << 20  # bytes
MAX_DEPTH = 64
MAX_HASHED = 10_000  # dict and set entries in one frame: equal hashes cost quadratic time
MAX_INT_DIGITS = 20_000  # hexadecimal digits, 80,000 bits
MAX_NUMBER_TEXT = 10_000  # characters of a Decimal

(
    LIST,
    TUPLE,
    SET,
    FROZENSET,
    DICT,
    INT,
    COMPLEX,
    TEXT,
    DATE,
    TIME,
    DATETIME,
    DELTA,
    DECIMAL,
    FRACTION,
    UUID_,
    ENUM,
) = range(16)
#: Tags whose meaning the two sides define in their hooks.
HANDLE, FUNCTION, RECORD, METHOD = range(16, 20)
_BYTES = 20
_MAX_TWINS = 64  # keys of one value with one hash: -1 and -2 have one, so have tuples of them

_SCALARS = frozenset({type(None), bool, float, str})
_LEAVES = _SCALARS | {int}
_DICTS = frozenset({dict, OrderedDict, defaultdict, Counter})
_INT64 = 1 << 63
_HEX = re.compile(r"-?0x[0-9a-f]+\Z")

#: Builds what a tag of the two sides' own means, from the unpacker, the tree and its depth.
Hook = Callable[["Unpacker", list[Any], int], Any]
Tree = Any  # None, bool, int, float, str, or a list of trees with a tag in front


class ValueTooLarge(Exception):
    """A value that is larger or deeper than the channel takes."""


class Malformed(Exception):
    """A tree that no encoder of ours makes."""


def pack(value: Any, other: Callable[[Any, int], Tree], depth: int = 0) -> Tree:
    """The tree of ``value``. ``other(value, depth)`` packs what is not plain."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is int:
        return value if -_INT64 <= value < _INT64 else [INT, _hexadecimal(value)]
    if depth >= MAX_DEPTH:
        raise ValueTooLarge(f"a value nested deeper than {MAX_DEPTH} levels")
    depth += 1
    if kind is list:
        return [LIST, *[pack(item, other, depth) for item in value]]
    if kind is tuple:
        return [TUPLE, *[pack(item, other, depth) for item in value]]
    if kind in _DICTS:
        if len(value) > MAX_HASHED:
            raise ValueTooLarge(f"a dict of {len(value):,} entries, the limit is {MAX_HASHED:,}")
        tree: list[Tree] = [DICT]
        for key, item in dict.items(value):
            tree.append(pack(key, other, depth))
            tree.append(pack(item, other, depth))
        return tree
    if kind is set or kind is frozenset:
        if len(value) > MAX_HASHED:
            raise ValueTooLarge(f"a set of {len(value):,} entries, the limit is {MAX_HASHED:,}")
        return [SET if kind is set else FROZENSET, *[pack(item, other, depth) for item in value]]
    rich = _rich(value, kind)
    return other(value, depth) if rich is None else rich


def _hexadecimal(value: int) -> str:
    if value.bit_length() > 4 * MAX_INT_DIGITS:
        raise ValueTooLarge(f"an int of {value.bit_length():,} bits, the limit is {4 * MAX_INT_DIGITS:,}")
    return hex(value)


def _rich(value: Any, kind: type) -> Tree | None:
    """The tree of a richer scalar of the standard library, or None."""
    if kind is bytes:
        return [_BYTES, value.decode("latin-1")]
    if kind is complex:
        return [COMPLEX, value.real, value.imag]
    if kind is Decimal:
        text = str(value)
        if len(text) > MAX_NUMBER_TEXT:
            raise ValueTooLarge(f"a Decimal of {len(text):,} characters, the limit is {MAX_NUMBER_TEXT:,}")
        return [DECIMAL, text]
    if kind is Fraction:
        return [FRACTION, _hexadecimal(value.numerator), _hexadecimal(value.denominator)]
    if kind is UUID:
        return [UUID_, value.hex]
    if kind is dt.timedelta:
        return [DELTA, value.days, value.seconds, value.microseconds]
    if kind is dt.date:
        return [DATE, value.isoformat()]
    if kind is dt.time and value.tzinfo is None:
        return [TIME, value.isoformat(), value.fold]
    if kind is dt.datetime:
        zone = value.tzinfo
        if type(zone) is ZoneInfo and zone.key is not None:
            return [DATETIME, value.replace(tzinfo=None).isoformat(), value.fold, zone.key]
        if zone is None or type(zone) is dt.timezone:
            return [DATETIME, value.isoformat(), value.fold, None]
    return None


def pack_surrogates(tree: Tree) -> Tree:
    """The same tree with every lone surrogate, which UTF-8 cannot carry, moved into a tagged byte string."""
    if type(tree) is str:
        try:
            tree.encode()
        except UnicodeEncodeError:
            return [TEXT, tree.encode("utf-8", "surrogatepass").decode("latin-1")]
        return tree
    if type(tree) is list:
        return [pack_surrogates(item) for item in tree]
    return tree


class Unpacker:
    """Builds values from one frame's tree, counting as it goes.

    ``hooks`` maps the tags HANDLE, FUNCTION, RECORD and ENUM to functions of (unpacker, tree, depth).
    """

    __slots__ = ("_hashed", "_hooks", "parts")

    def __init__(self, hooks: Mapping[int, Hook]) -> None:
        self._hooks = hooks
        self._hashed = 0
        #: Items of all containers so far: what the value costs to keep.
        self.parts = 0

    def value(self, tree: Tree, depth: int = 0) -> Any:
        """The value of ``tree``; raises ``Malformed`` for anything that ``pack`` does not make."""
        if type(tree) is not list:
            if type(tree) not in _LEAVES:
                raise Malformed(f"a raw {type(tree).__name__}")
            return tree
        if depth >= MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
        if not tree or type(tree[0]) is not int:
            raise Malformed("an array without a tag")
        tag = tree[0]
        depth += 1
        self.parts += len(tree)
        if tag == LIST:
            return [self.value(item, depth) for item in tree[1:]]
        if tag == TUPLE:
            return tuple([self.value(item, depth) for item in tree[1:]])
        if tag == DICT:
            self._count(len(tree) // 2)
            items = [self.value(item, depth) for item in tree[1:]]
            if len(items) % 2:
                raise Malformed("a dict with a key and no value")
            keys = _hashable(items[::2])
            return dict(zip(keys, items[1::2], strict=True))
        if tag in (SET, FROZENSET):
            self._count(len(tree) - 1)
            items = _hashable([self.value(item, depth) for item in tree[1:]])
            return set(items) if tag == SET else frozenset(items)
        hook = self._hooks.get(tag)
        return hook(self, tree, depth) if hook else _scalar(tag, tree[1:])

    def _count(self, entries: int) -> None:
        self._hashed += entries
        if self._hashed > MAX_HASHED:
            raise Malformed(f"more than {MAX_HASHED:,} dict and set entries in one value")


def _hashable(keys: list[Any]) -> list[Any]:
    """``keys``, if they can be hashed and few of them share a hash: colliding keys cost quadratic time."""
    try:
        hashes = Counter([hash(key) for key in keys])
    except (TypeError, ValueError, ArithmeticError) as error:
        raise Malformed(f"a key that cannot be hashed: {error}") from None
    if hashes and max(hashes.values()) > _MAX_TWINS:
        raise Malformed(f"more than {_MAX_TWINS} keys with one hash")
    return keys


def _scalar(tag: int, parts: list[Tree]) -> Any:
    try:
        return _SCALAR_BUILDERS[tag](*parts)
    except (KeyError, TypeError, ValueError, ArithmeticError, OSError, AttributeError) as error:
        raise Malformed(f"tag {tag}: {type(error).__name__}") from None


def _latin(text: str) -> bytes:
    return text.encode("latin-1")


def _int(text: str) -> int:
    if len(text) > MAX_INT_DIGITS + 3 or not _HEX.match(text):
        raise ValueError("int")
    return int(text, 16)


def _decimal(text: str) -> Decimal:
    if type(text) is not str or len(text) > MAX_NUMBER_TEXT:
        raise ValueError("decimal")
    return Decimal(text)


def _datetime(text: str, fold: int, zone: str | None) -> dt.datetime:
    value = dt.datetime.fromisoformat(text).replace(fold=fold)
    return value if zone is None else value.replace(tzinfo=ZoneInfo(zone))


_SCALAR_BUILDERS: dict[int, Callable[..., Any]] = {
    INT: _int,
    COMPLEX: lambda real, imaginary: complex(float(real), float(imaginary)),
    TEXT: lambda text: _latin(text).decode("utf-8", "surrogatepass"),
    _BYTES: lambda text: _latin(text),
    DATE: dt.date.fromisoformat,
    TIME: lambda text, fold: dt.time.fromisoformat(text).replace(fold=fold),
    DATETIME: _datetime,
    DELTA: lambda days, seconds, micros: dt.timedelta(days=days, seconds=seconds, microseconds=micros),
    DECIMAL: _decimal,
    FRACTION: lambda numerator, denominator: Fraction(_int(numerator), _int(denominator)),
    UUID_: lambda text: UUID(hex=text),
}
