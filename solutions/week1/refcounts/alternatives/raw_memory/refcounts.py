"""Reads the count where CPython keeps it: in the first bytes of the object, whose address is its id."""

from __future__ import annotations

import ctypes
import weakref
from collections import defaultdict


def refcount(obj):
    address = id(obj)
    return ctypes.c_uint32.from_address(address).value - 1  # the argument


def trace(obj, actions):
    start = ctypes.c_uint32.from_address(id(obj)).value

    def change(action):
        action(obj)
        return ctypes.c_uint32.from_address(id(obj)).value - start

    return [change(action) for action in actions]


def _nobody():
    return None


class TreeNode:
    def __init__(self, value):
        self.value = value
        self.children = []
        self._above = _nobody

    @property
    def parent(self):
        return self._above()

    def add(self, child):
        if child is self or self in _below(child):
            raise ValueError("that would close a loop")
        old = child.parent
        if old is not None:
            old.children = [node for node in old.children if node is not child]
        self.children.append(child)
        child._above = weakref.ref(self)
        return child


def _below(node):
    found, waiting = set(), list(node.children)
    while waiting:
        below = waiting.pop()
        found.add(below)
        waiting.extend(below.children)
    return found


def collect(item, bucket=None):
    result = [] if bucket is None else bucket
    result += [item]
    return result


def interned(values):
    by_type = defaultdict(dict)
    result = []
    for value in values:
        known = by_type[type(value)]
        if value not in known:
            known[value] = value
        result.append(known[value])
    return result
