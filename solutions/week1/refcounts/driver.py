"""Holds objects in known ways, calls the submission, and returns counts and who is still alive.

Objects are handed to the submission as `box[0]` or as the result of a call, never as a local variable: from
CPython 3.14 on, a local variable may be lent to a call without being counted.
"""

import functools
import gc
import itertools
import pickle
import types
import weakref
from collections import deque

import refcounts

collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase) if phase == "start" else None)


class Thing:
    """Something to hold, whose end can be watched."""

    def method(self):
        """Make a bound method possible."""


class Word(str):
    """Text whose end can be watched."""

    __slots__ = ("__weakref__",)


def two_closures(thing):
    return (lambda: thing), (lambda: thing)


HOLDERS = {
    "a list": lambda thing: [thing],
    "a list that has it three times": lambda thing: [thing] * 3,
    "a tuple that has it twice": lambda thing: (thing, thing),
    "a dict value": lambda thing: {"key": thing},
    "a dict key and its value": lambda thing: {thing: thing},
    "a set": lambda thing: {thing},
    "a deque": lambda thing: deque([thing]),
    "an attribute": lambda thing: types.SimpleNamespace(name=thing),
    "a closure": lambda thing: lambda: thing,
    "two closures over one variable": two_closures,
    "a default argument": lambda thing: lambda value=thing: value,
    "a partial": lambda thing: functools.partial(print, thing),
    "a bound method": lambda thing: thing.method,
    "an exception's arguments": lambda thing: ValueError(thing),
    "a weak reference": lambda thing: weakref.ref(thing),
}


def count_unheld():
    return refcounts.refcount(Thing())


def count_in_list(times):
    box = [Thing()] * times
    return refcounts.refcount(box[0])


def count_held(names):
    """The count of a thing in a list of one that is also held as `names` say; then while they are let go one by one."""
    box = [Thing()]
    held = [HOLDERS[name](box[0]) for name in names]
    counts = [refcounts.refcount(box[0])]
    while held:
        del held[-1]
        counts.append(refcounts.refcount(box[0]))
    return counts


def trace(steps):
    """Trace a thing through steps `["hold", name]` and `["let go", name]`; the counts, and what actions were given."""
    box, held, given = [Thing()], {name: [] for name in HOLDERS}, []

    def act(what, name, thing):
        given.append(thing is box[0])
        if what == "hold":
            held[name].append(HOLDERS[name](thing))
        else:
            held[name].pop()

    actions = [functools.partial(act, what, name) for what, name in steps]
    return {"counts": refcounts.trace(box[0], actions), "given": given}


def trace_results(names):
    """Trace a thing through actions that hold it in nothing but their result, and one that does hold it."""
    box, held = [Thing()], []
    actions = [HOLDERS[name] for name in names]
    return refcounts.trace(box[0], [*actions, held.append, *actions])


def grow(parents):
    """A tree: node 0 is the root, node n hangs below node parents[n - 1]; the nodes, and weak references to them."""
    nodes = [refcounts.TreeNode(Thing()) for _ in range(len(parents) + 1)]
    watched = [weakref.ref(node.value) for node in nodes]
    for number, parent in enumerate(parents, 1):
        nodes[parent].add(nodes[number])
    return nodes, watched


def drop_tree(parents, kept):
    """Drop all nodes but `kept` (or all: None) with the collector off; who is alive, and the parent of the kept one."""
    gc.disable()
    before = len(collections)
    nodes, watched = grow(parents)
    all_alive = all(watch() is not None for watch in watched)
    node = None if kept is None else nodes[kept]
    nodes.clear()
    alive = [number for number, watch in enumerate(watched) if watch() is not None]
    seen = {"grew": all_alive, "alive": alive, "collections": len(collections) - before}
    if node is not None:
        seen["orphaned"] = node.parent is None
    return seen


def deep_tree(levels):
    """A tree that is one long line; whether its loop is refused, and how many nodes outlive it."""
    gc.disable()
    nodes, watched = grow(range(levels - 1))
    try:
        nodes[-1].add(nodes[0])
        refused = "no"
    except Exception as error:  # noqa: BLE001 - whatever comes is what was observed
        refused = type(error).__name__
    linked = sum(below.parent is above for above, below in itertools.pairwise(nodes))
    nodes.clear()
    return {"linked": linked, "refused": refused, "alive": sum(watch() is not None for watch in watched)}


def collect_apart(items):
    """Collect each item into a list of its own; the lists when all are there, and how many lists they are."""
    lists = [refcounts.collect(item) for item in items]
    return {"lists": lists, "different": len({id(each) for each in lists})}


def collect_into(bucket, items, by_name):
    """Collect all items into one list; what it holds, and how often the list itself came back."""
    same = 0
    for item in items:
        got = refcounts.collect(item, bucket=bucket) if by_name else refcounts.collect(item, bucket)
        same += got is bucket
    return {"bucket": bucket, "same": same}


def places(values):
    """Intern fresh copies, given by a generator; the values, and of each the place of the copy that it is."""
    copies = [pickle.loads(pickle.dumps(value)) for value in values]
    result = refcounts.interned(value for value in copies)
    where = [next((place for place, copy in enumerate(copies) if copy is value), None) for value in result]
    return {"values": result, "places": where}


class Counted:
    """A value that counts how often it is compared."""

    comparisons = 0

    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return hash(self.number)

    def __eq__(self, other):
        Counted.comparisons += 1
        return isinstance(other, Counted) and self.number == other.number


def comparisons(distinct):
    """Intern 2 * distinct values, each there twice; how many objects come back, and the comparisons made."""
    result = refcounts.interned([Counted(number) for number in [*range(distinct), *range(distinct)]])
    return {"length": len(result), "objects": len({id(value) for value in result}), "comparisons": Counted.comparisons}


def outlives(use, thing):
    """The outcome of `use(thing)`, and whether something still holds the thing when all that came back is dropped."""
    gc.disable()
    box = [thing()]
    watch = weakref.ref(box[0])
    try:
        outcome = use(box[0])
    except Exception as error:  # noqa: BLE001 - whatever comes is what was observed
        outcome = f"{type(error).__name__}: {error}"
    del box
    return [outcome, watch() is not None]


def fail(thing):
    raise LookupError("no such action")


def what_is_kept():
    """For each function, its outcome and whether it keeps what it was given."""
    return {
        "refcount": outlives(lambda thing: refcounts.refcount(thing) > 0, Thing),
        "trace": outlives(lambda thing: refcounts.trace(thing, [id, id]), Thing),
        "trace with an action that raises": outlives(lambda thing: refcounts.trace(thing, [id, fail]), Thing),
        "collect": outlives(lambda thing: len(refcounts.collect(thing)), Thing),
        "interned": outlives(lambda word: len(refcounts.interned([word, Word("ab"), word])), lambda: Word("ab")),
    }
