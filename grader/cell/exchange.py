"""Values on their way between a suite and a cell: the trusted side of the codec.

What comes in is built from exact builtin types, stand-ins and nothing else; a frame that our own encoder would not
make ends the cell.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.cell.deaths import SubmissionError, submission_error
from grader.cell.inside import values
from grader.cell.inside.values import ENUM, FUNCTION, HANDLE, RECORD, Hook, Malformed, Tree, Unpacker, ValueTooLarge
from grader.cell.remote import EnumValue, Method, Record, Remote

if TYPE_CHECKING:
    from grader.cell.cell import Cell

_MAX_NAME = 80
_MAX_CLASSES = 16
_MAX_TEXT = 8_000  # characters of a message, or of a traceback
#: Items in all that one cell's answers may hold: a suite may keep every one of them.
MAX_PARTS = 5_000_000


class Exchange:
    """Packs a suite's values for one cell and unpacks its answers."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._parts = 0
        #: The suite's functions that the cell may call back, by number.
        self.functions: list[Callable[..., Any]] = []
        self._function_numbers: dict[int, int] = {}
        self._handed_over: list[Remote] = []
        self._remotes: weakref.WeakValueDictionary[int, Remote] = weakref.WeakValueDictionary()
        #: Numbers whose stand-ins are gone, each with how often it was received.
        self.dropped: list[list[int]] = []
        self._hooks: dict[int, Hook] = {
            HANDLE: self._handle,
            RECORD: self._record,
            ENUM: self._enum,
            FUNCTION: self._own_function,
        }

    def pack(self, value: Any) -> Tree:
        """The tree of a suite's value; a callable becomes a callback, a stand-in its number."""
        return values.pack(value, self._pack_other)

    def unpack(self, tree: Tree) -> Any:
        """The value of a tree from the cell; raises ``Malformed``, or ``ValueTooLarge`` when all are too much."""
        if type(tree) is not list:
            return tree
        unpacker = Unpacker(self._hooks)
        value = unpacker.value(tree)
        self._parts += unpacker.parts
        if self._parts > MAX_PARTS:
            raise ValueTooLarge(f"answers of more than {MAX_PARTS:,} items in one check")
        return value

    def error(self, description: Tree) -> SubmissionError:
        """The exception that the cell describes; raises ``Malformed``."""
        try:
            classes, message, arguments, traceback, handle, cause = description
            names = [(str(name)[:_MAX_NAME], is_builtin is True) for name, is_builtin in classes[:_MAX_CLASSES]]
            remote, args = self.unpack(handle), self.unpack(arguments)
            if not names or not isinstance(remote, Remote) or type(args) is not list:
                raise Malformed("an exception without a class")
        except (TypeError, ValueError) as error:
            raise Malformed(str(error)) from None
        why = None if cause is None else str(cause)[:_MAX_NAME]
        return submission_error(names, str(message)[:_MAX_TEXT], args, str(traceback)[:_MAX_TEXT], remote, why)

    def _pack_other(self, value: Any, _depth: int) -> Tree:
        if isinstance(value, Remote):
            if value._cell is not self._cell:
                raise TypeError(f"{value!r} belongs to another cell")
            return [HANDLE, value._number]
        if isinstance(value, Method):
            method = self._cell.bound(value._owner, value._name)
            self._handed_over.append(method)  # else it would be dropped before the call is sent
            return self.pack(method)
        if callable(value):
            return self._pack_function(value)
        if isinstance(value, str):  # a subclass, such as a member of a StrEnum of the suite's own
            return str.__str__(value)
        if isinstance(value, int):
            return self.pack(int.__int__(value))
        if isinstance(value, float):
            return float.__float__(value)
        raise TypeError(f"a {type(value).__name__} cannot be sent to a cell: {value!r}")

    def _pack_function(self, function: Callable[..., Any]) -> Tree:
        number = self._function_numbers.get(id(function))
        if number is None:
            number = len(self.functions)
            self.functions.append(function)
            self._function_numbers[id(function)] = number
        name = getattr(function, "__name__", "function")
        return [FUNCTION, number, inspect.iscoroutinefunction(function), str(name)]

    # -- what comes in

    def _handle(self, _unpacker: Unpacker, tree: list[Tree], _depth: int) -> Any:
        return self._intern(tree[1:4], lambda head: Remote(self._cell, *head))

    def _record(self, unpacker: Unpacker, tree: list[Tree], depth: int) -> Any:
        _expect(tree, 7)
        _, _, _, _, is_tuple, names, parts = tree
        if type(names) is not list or type(parts) is not list or len(names) != len(parts):
            raise Malformed("a record with names and values that do not match")
        if not all(type(name) is str and len(name) <= _MAX_NAME for name in names):
            raise Malformed("a record with a field that has no name")
        fields = dict(zip(names, [unpacker.value(part, depth) for part in parts], strict=True))
        return Record(self._cell, *_head(tree[1:4]), is_tuple is True, fields)

    def _enum(self, unpacker: Unpacker, tree: list[Tree], depth: int) -> Any:
        _expect(tree, 6)
        member, value = tree[4], unpacker.value(tree[5], depth)
        if type(member) is not str:
            raise Malformed("an enumeration's member without a name")
        return self._intern(tree[1:4], lambda head: EnumValue(self._cell, *head, member[:_MAX_NAME], value))

    def _own_function(self, _unpacker: Unpacker, tree: list[Tree], _depth: int) -> Any:
        _expect(tree, 2)
        number = tree[1]
        if type(number) is not int or not 0 <= number < len(self.functions):
            raise Malformed("a function that was never handed over")
        return self.functions[number]

    def _intern(self, parts: list[Tree], make: Callable[[tuple[int, str, int]], Remote]) -> Remote:
        head = _head(parts)
        remote = self._remotes.get(head[0])
        if remote is None:
            remote = self._remotes[head[0]] = make(head)
        else:
            remote._received_again()
        return remote


def _head(parts: list[Tree]) -> tuple[int, str, int]:
    if len(parts) != 3 or type(parts[0]) is not int or type(parts[1]) is not str or type(parts[2]) is not int:
        raise Malformed("a handle without a number and a type")
    return parts[0], parts[1][:_MAX_NAME], parts[2]


def _expect(tree: list[Tree], length: int) -> None:
    if len(tree) != length:
        raise Malformed(f"tag {tree[0]} with {len(tree)} parts")
