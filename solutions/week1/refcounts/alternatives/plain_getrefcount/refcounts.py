"""The memory model: names are not objects. The contract is in README.md."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Value = TypeVar("Value", bound=Hashable)

_own = 0  # the references that a call of refcount makes itself; it differs between versions of Python


def refcount(obj: object) -> int:
    """The number of references to `obj`, without those that this call makes itself."""
    return sys.getrefcount(obj) - _own


_own = refcount(object())


def trace(obj: Any, actions: list[Callable[[Any], object]]) -> list[int]:
    """Call each action with `obj`; the reference count of `obj` after each, less the count at the start."""
    changes: list[int] = []
    before = sys.getrefcount(obj)
    for action in actions:
        action(obj)
        changes.append(sys.getrefcount(obj) - before)
    return changes


class TreeNode:
    """A node of a tree. A parent keeps its children alive, a child does not keep its parent alive."""

    def __init__(self, value: Any) -> None:
        """A node with the attribute `value`, without parent and children."""
        self.value = value
        self._parent: weakref.ref[TreeNode] | None = None
        self._children: dict[int, TreeNode] = {}  # by id: identity is all that counts

    @property
    def parent(self) -> TreeNode | None:
        """The node above; None for a root, and after the parent has gone."""
        return None if self._parent is None else self._parent()

    @property
    def children(self) -> Iterable[TreeNode]:
        """The nodes below, in the order in which they were added."""
        return tuple(self._children.values())

    def add(self, child: TreeNode) -> TreeNode:
        """Make `child` the last child of this node, taking it from its former parent; return it.

        ValueError, and nothing changes: `child` is this node or one above it.
        """
        above: TreeNode | None = self
        while above is not None:
            if above is child:
                raise ValueError("a node cannot hang below itself")
            above = above.parent
        former = child.parent
        if former is not None:
            del former._children[id(child)]
        child._parent = weakref.ref(self)
        self._children[id(child)] = child
        return child


def collect(item: Any, bucket: list[Any] | None = None) -> list[Any]:
    """Append `item` to `bucket`, or to a new list if there is none, and return that list."""
    if bucket is None:
        bucket = []
    bucket.append(item)
    return bucket


def interned(values: Iterable[Value]) -> list[Value]:
    """The values in their order, each replaced by the first one of the same type that equals it."""
    firsts: dict[type, dict[Value, Value]] = {}
    return [firsts.setdefault(type(value), {}).setdefault(value, value) for value in values]
