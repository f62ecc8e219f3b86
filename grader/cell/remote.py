"""Stand-ins: what a suite holds in place of the submission's objects. Every use of one is a call into the cell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from grader.cell.deaths import SubmissionError

if TYPE_CHECKING:
    from grader.cell.cell import Cell

#: Attributes that Hypothesis looks for on a test's first argument.
_ASKED_BY_HYPOTHESIS = frozenset(
    {"hypothesis_internal_is_this_a_mock_check", "execute_example", "setup_example", "teardown_example"}
)


class Remote:
    """An object in the cell, held by number. Equality and hash are identity, and nothing more."""

    __slots__ = ("__weakref__", "_cell", "_number", "_times", "_type_name", "_type_number")

    _cell: Cell
    _number: int
    _times: int  # how often the cell sent this number; it forgets the object when as many are given back
    _type_name: str
    _type_number: int

    def __init__(self, cell: Cell, number: int, type_name: str, type_number: int) -> None:
        set_own = object.__setattr__
        set_own(self, "_cell", cell)
        set_own(self, "_number", number)
        set_own(self, "_times", 1)
        set_own(self, "_type_name", type_name)
        set_own(self, "_type_number", type_number)

    def __del__(self) -> None:
        self._cell.exchange.dropped.append([self._number, self._times])

    def _received_again(self) -> None:
        object.__setattr__(self, "_times", self._times + 1)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in _ASKED_BY_HYPOTHESIS:
            raise AttributeError(name)
        return self._cell.get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._cell.set(self, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._cell.call(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self._type_name} object>"

    def __len__(self) -> int:
        return int(self._expect(int, "len", self))

    def __bool__(self) -> bool:
        return self._expect(bool, "bool", self) is True

    def __contains__(self, item: Any) -> bool:
        return self._expect(bool, "contains", self, item) is True

    def __getitem__(self, key: Any) -> Any:
        return self._cell.operate("getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._cell.operate("setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        self._cell.operate("delitem", self, key)

    def __iter__(self) -> Iterator[Any]:
        iterator = self._cell.operate("iter", self)
        return iterator if isinstance(iterator, Remote) else iter(iterator)

    def __next__(self) -> Any:
        return self._cell.operate("next", self)

    def __enter__(self) -> Any:
        return self._cell.operate("enter", self)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        operation, arguments = self._leaving(error)
        return self._cell.operate(operation, self, *arguments) is True

    def __await__(self) -> Generator[Any, None, Any]:
        return self._cell.awaiting(self).__await__()

    def __aiter__(self) -> AsyncIterator[Any]:
        iterator = self._cell.operate("aiter", self)
        assert isinstance(iterator, Remote), f"expected an async iterator, got {iterator!r}"
        return iterator

    async def __anext__(self) -> Any:
        return await self._cell.awaiting(None, "anext", self)

    async def __aenter__(self) -> Any:
        return await self._cell.awaiting(None, "aenter", self)

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if error is None:
            return await self._cell.awaiting(None, "aexit", self, None, None, None) is True
        _, (raised,) = self._leaving(error)
        kind = self._cell.operate("type", raised)
        return await self._cell.awaiting(None, "aexit", self, kind, raised, None) is True

    def _leaving(self, error: BaseException | None) -> tuple[str, tuple[Any, ...]]:
        """The operation that leaves a ``with`` block, with the error as an exception object of the cell."""
        if error is None:
            return "exit", (None, None, None)
        if isinstance(error, SubmissionError):
            return "exit_raising", (error.remote,)
        name = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
        return "exit_raising", (self._cell.operate("error", name, [str(error)]),)

    def _expect(self, kind: type, operation: str, *arguments: Any) -> Any:
        value = self._cell.operate(operation, *arguments)
        assert type(value) is kind, f"expected {kind.__name__} from {operation}(), got {value!r}"
        return value


class Method:
    """A bound method of an object in the cell, not yet called."""

    __slots__ = ("_name", "_owner")

    def __init__(self, owner: Remote, name: str) -> None:
        self._owner = owner
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._owner._cell.method(self._owner, self._name, args, kwargs)

    def __repr__(self) -> str:
        return f"<method {self._name}>"


class Record(Remote):
    """A named tuple or a frozen dataclass by value: its fields are here, its methods in the cell.

    Two records are equal when their types' names and their fields are; a named tuple also equals the plain tuple.
    """

    __slots__ = ("_fields", "_is_tuple")

    _fields: dict[str, Any]
    _is_tuple: bool

    def __init__(
        self,
        cell: Cell,
        number: int,
        type_name: str,
        type_number: int,
        is_tuple: bool,
        fields: dict[str, Any],
    ) -> None:
        super().__init__(cell, number, type_name, type_number)
        object.__setattr__(self, "_is_tuple", is_tuple)
        object.__setattr__(self, "_fields", fields)

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self._fields[name]
        return super().__getattr__(name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Record):
            return self._type_name == other._type_name and self._fields == other._fields
        return self._is_tuple and type(other) is tuple and tuple(self._fields.values()) == other

    def __hash__(self) -> int:
        return hash(tuple(self._fields.values()) if self._is_tuple else (self._type_name, *self._fields.values()))

    def __iter__(self) -> Iterator[Any]:
        return iter(tuple(self._fields.values())) if self._is_tuple else super().__iter__()

    def __getitem__(self, key: Any) -> Any:
        return tuple(self._fields.values())[key] if self._is_tuple else super().__getitem__(key)

    def __len__(self) -> int:
        return len(self._fields) if self._is_tuple else super().__len__()

    def __bool__(self) -> bool:
        return bool(self._fields) if self._is_tuple else super().__bool__()

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self._fields.items())
        return f"{self._type_name}({inside})"


class EnumValue(Remote):
    """A member of an enumeration, by its type's name, its name and its value."""

    __slots__ = ("_member", "_value")

    _member: str
    _value: Any

    def __init__(self, cell: Cell, number: int, type_name: str, type_number: int, member: str, value: Any) -> None:
        super().__init__(cell, number, type_name, type_number)
        object.__setattr__(self, "_member", member)
        object.__setattr__(self, "_value", value)

    @property
    def type_name(self) -> str:
        """The enumeration's name."""
        return self._type_name

    @property
    def name(self) -> str:
        """The member's name."""
        return self._member

    @property
    def value(self) -> Any:
        """The member's value."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumValue) and (self._type_name, self._member) == (
            other._type_name,
            other._member,
        )

    def __hash__(self) -> int:
        return hash((self._type_name, self._member))

    def __repr__(self) -> str:
        return f"{self._type_name}.{self._member}"


class LazyRemote(Remote):
    """A stand-in whose object is looked for at the first use, so that a cell starts only when it is needed."""

    __slots__ = ("_find",)

    _find: Callable[[], Remote]

    def __init__(self, find: Callable[[], Remote]) -> None:
        object.__setattr__(self, "_find", find)

    def __del__(self) -> None:
        """The found object is kept by whoever found it."""

    def __getattr__(self, name: str) -> Any:
        if name in ("_cell", "_number", "_type_name", "_type_number"):
            return getattr(self._find(), name)
        return super().__getattr__(name)

    def __repr__(self) -> str:
        try:
            return super().__repr__()
        except BaseException:  # it could not be made: a message about that must still be written
            return "<no object>"
