"""Parents in a registry beside the nodes, which have slots; a typed cache that lives for one call interns."""

from __future__ import annotations

import sys
import weakref
from functools import lru_cache


def refcount(obj, _count=sys.getrefcount):
    return _count(obj) - _own()


def _own():
    def count(obj, _count=sys.getrefcount):
        return _count(obj)

    return count(object())


def trace(obj, actions):
    def changes():
        before = refcount(obj)
        for action in actions:
            action(obj)
            yield refcount(obj) - before

    return list(changes())


_parents = weakref.WeakKeyDictionary()


class TreeNode:
    __slots__ = ("__weakref__", "_below", "value")

    def __init__(self, value):
        self.value = value
        self._below = ()

    @property
    def parent(self):
        link = _parents.get(self)
        return None if link is None else link()

    @property
    def children(self):
        return iter(self._below)

    def add(self, child):
        for node in self._upwards():
            if node is child:
                raise ValueError(f"{child.value!r} is above {self.value!r}")
        if child.parent is not None:
            child.parent._below = tuple(node for node in child.parent._below if node is not child)
        self._below += (child,)
        _parents[child] = weakref.ref(self)
        return child

    def _upwards(self):
        node = self
        while node is not None:
            yield node
            node = node.parent


def collect(item, bucket=None):
    if bucket is None:
        return [item]
    bucket.extend((item,))
    return bucket


def interned(values):
    @lru_cache(maxsize=None, typed=True)
    def first(value):
        return value

    return list(map(first, values))
