"""The memory model: names are not objects. The contract is in README.md."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Value = TypeVar("Value", bound=Hashable)


def refcount(obj: object) -> int:
    """The number of references to `obj`, without those that this call makes itself."""
    raise NotImplementedError


def trace(obj: Any, actions: list[Callable[[Any], object]]) -> list[int]:
    """Call each action with `obj`; the reference count of `obj` after each, less the count at the start."""
    raise NotImplementedError


class TreeNode:
    """A node of a tree. A parent keeps its children alive, a child does not keep its parent alive."""

    def __init__(self, value: Any) -> None:
        """A node with the attribute `value`, without parent and children."""
        raise NotImplementedError

    @property
    def parent(self) -> TreeNode | None:
        """The node above; None for a root, and after the parent has gone."""
        raise NotImplementedError

    @property
    def children(self) -> Iterable[TreeNode]:
        """The nodes below, in the order in which they were added."""
        raise NotImplementedError

    def add(self, child: TreeNode) -> TreeNode:
        """Make `child` the last child of this node, taking it from its former parent; return it.

        ValueError, and nothing changes: `child` is this node or one above it.
        """
        raise NotImplementedError


def collect(item: Any, bucket: list[Any] | None = None) -> list[Any]:
    """Append `item` to `bucket`, or to a new list if there is none, and return that list."""
    raise NotImplementedError


def interned(values: Iterable[Value]) -> list[Value]:
    """The values in their order, each replaced by the first one of the same type that equals it."""
    raise NotImplementedError
