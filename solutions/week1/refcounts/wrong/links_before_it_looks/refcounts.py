"""The memory model: names are not objects. Reference counts, and code that depends on them."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Value = TypeVar("Value", bound=Hashable)


def _counted(obj: object) -> int:
    return sys.getrefcount(obj)


# A new object that nobody holds: all that is counted is what the call itself adds. CPython versions differ in that.
_OWN = _counted(object())


def refcount(obj: object) -> int:
    """The number of references to `obj`, without those that this call makes itself."""
    return sys.getrefcount(obj) - _OWN


def trace(obj: Any, actions: list[Callable[[Any], object]]) -> list[int]:
    """Call each action with `obj`; the reference count of `obj` after each, less the count at the start."""
    start = refcount(obj)
    counts = []
    for action in actions:
        action(obj)  # its result is bound to no name, so it is gone before the count
        counts.append(refcount(obj) - start)
    return counts


class TreeNode:
    """A node of a tree. The link down is strong and the link up is weak, so there is never a cycle to collect."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._parent: Callable[[], TreeNode | None] = lambda: None
        self._children: list[TreeNode] = []

    @property
    def parent(self) -> TreeNode | None:
        return self._parent()

    @property
    def children(self) -> list[TreeNode]:
        return list(self._children)

    def add(self, child: TreeNode) -> TreeNode:
        """Make `child` the last child of this node, taking it from its former parent; return it."""
        if former := child.parent:
            former._children.remove(child)
            child._parent = lambda: None
        above: TreeNode | None = self
        while above is not None:
            if above is child:
                raise ValueError("a node cannot hang below itself")
            above = above.parent
        child._parent = weakref.ref(self)
        self._children.append(child)
        return child


def collect(item: Any, bucket: list[Any] | None = None) -> list[Any]:
    """Append `item` to `bucket`, or to a new list if there is none, and return that list."""
    if bucket is None:
        bucket = []
    bucket.append(item)
    return bucket


def interned(values: Iterable[Value]) -> list[Value]:
    """The values in their order, each replaced by the first one of the same type that equals it."""
    first: dict[tuple[type, Value], Value] = {}
    return [first.setdefault((type(value), value), value) for value in values]
