"""The objects of a cell that the trusted side holds by number, and how values cross the channel."""

from __future__ import annotations

import dataclasses
import enum
import threading
from collections.abc import Callable
from typing import Any

from grader.cell.inside import values
from grader.cell.inside.values import ENUM, FUNCTION, HANDLE, RECORD, Hook, Malformed, Tree, Unpacker

_PLAIN_ENUM_VALUES = frozenset({int, str, bool, float, bytes, tuple, type(None)})


class Objects:
    """Numbers for objects. One object has one number for as long as the trusted side holds it."""

    def __init__(self, make_function: Callable[[int, bool, str], Callable[..., Any]]) -> None:
        self._by_number: dict[int, list[Any]] = {}  # number -> [object, times sent]
        self._numbers: dict[int, int] = {}  # id(object) -> number
        self._types: dict[type, int] = {}
        self._last = 0
        self._lock = threading.Lock()
        self._make_function = make_function
        self._functions: dict[int, Callable[..., Any]] = {}  # the suite's functions, by their number
        self._function_numbers: dict[int, int] = {}  # id(function) -> number
        self._hooks: dict[int, Hook] = {
            HANDLE: self._unpack_handle,
            RECORD: self._unpack_handle,
            ENUM: self._unpack_handle,
        }
        self._hooks[FUNCTION] = self._unpack_function

    def __getitem__(self, number: int) -> Any:
        return self._by_number[number][0]

    def pack(self, value: Any) -> Tree:
        """The tree of any value: plain parts by value, the rest by number."""
        return values.pack(value, self._pack_other)

    def unpack(self, tree: Tree) -> Any:
        """The value of a tree from the trusted side; numbers become the objects they stand for."""
        return Unpacker(self._hooks).value(tree)

    def handle(self, thing: Any) -> Tree:
        """The tree of ``thing`` by number, plain or not."""
        kind = type(thing)
        with self._lock:
            number = self._numbers.get(id(thing))
            if number is None:
                self._last = number = self._last + 1
                self._numbers[id(thing)] = number
                self._by_number[number] = [thing, 0]
            self._by_number[number][1] += 1
            type_number = self._types.setdefault(kind, len(self._types))
        return [HANDLE, number, _name(kind), type_number]

    def drop(self, numbers: list[list[int]]) -> None:
        """Forgets what the trusted side holds no more: pairs of a number and how often it was received."""
        for number, times in numbers:
            with self._lock:
                entry = self._by_number.get(number)
                if entry is None:
                    continue
                entry[1] -= times
                if entry[1] <= 0:
                    del self._by_number[number]
                    del self._numbers[id(entry[0])]
            del entry

    def record(self, thing: Any, depth: int = 0) -> Tree:
        """The tree of an object by its fields: a dataclass, a named tuple, or anything with a ``__dict__``."""
        kind = type(thing)
        if dataclasses.is_dataclass(kind):
            names = [field.name for field in dataclasses.fields(kind)]
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            names = list(kind._fields)
        else:
            names = list(vars(thing))
        parts = [values.pack(getattr(thing, name), self._pack_other, depth + 1) for name in names]
        return [RECORD, *self.handle(thing)[1:], issubclass(kind, tuple), names, parts]

    def _pack_other(self, thing: Any, depth: int) -> Tree:
        kind = type(thing)
        number = self._function_numbers.get(id(thing))
        if number is not None:
            return [FUNCTION, number]
        if isinstance(thing, enum.Enum) and type(thing.value) in _PLAIN_ENUM_VALUES:
            value = values.pack(thing.value, self._pack_other, depth)
            return [ENUM, *self.handle(thing)[1:], str(thing.name), value]
        if _is_frozen_record(kind):
            return self.record(thing, depth)
        return self.handle(thing)

    def _unpack_handle(self, _unpacker: Unpacker, tree: list[Tree], _depth: int) -> Any:
        try:
            return self[tree[1]]
        except KeyError:
            raise Malformed(f"no object has the number {tree[1]}") from None

    def _unpack_function(self, _unpacker: Unpacker, tree: list[Tree], _depth: int) -> Any:
        number = tree[1]
        function = self._functions.get(number)
        if function is None:
            function = self._make_function(number, tree[2], tree[3])
            self._functions[number] = function
            self._function_numbers[id(function)] = number
        return function


def _is_frozen_record(kind: type) -> bool:
    if issubclass(kind, tuple):
        return type(getattr(kind, "_fields", None)) is tuple
    parameters = kind.__dict__.get("__dataclass_params__")
    return parameters is not None and parameters.frozen is True


def _name(kind: type) -> str:
    return str(type.__dict__["__name__"].__get__(kind))[:80]
