"""Visible examples: `pytest exercises/week1/refcounts`.

Counts are taken before they are asserted: pytest's `assert` keeps every part of its expression to show it.
"""

import gc
import weakref
from collections.abc import Iterator

import pytest
from refcounts import TreeNode, collect, interned, refcount, trace


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_refcount_leaves_its_own_references_out() -> None:
    count = refcount(object())
    assert count == 0
    box = [object()]
    count = refcount(box[0])
    assert count == 1
    box.append(box[0])
    count = refcount(box[0])
    assert count == 2


def test_trace_follows_the_count() -> None:
    box: list[object] = [object()]
    other: list[object] = []
    counts = trace(box[0], [other.append, other.append, lambda _: other.clear()])
    assert counts == [1, 2, 0]


def test_a_tree_has_links_both_ways() -> None:
    root, child = TreeNode("root"), TreeNode("child")
    assert root.add(child) is child
    assert child.parent is root
    assert list(root.children) == [child]


@pytest.mark.usefixtures("no_collector")
def test_a_child_does_not_keep_its_parent_alive() -> None:
    class Value:
        pass

    root, child = TreeNode(Value()), TreeNode(Value())
    root.add(child)
    watch = weakref.ref(root.value)
    del root
    assert watch() is None
    assert child.parent is None


def test_a_loop_is_refused() -> None:
    root, child = TreeNode("root"), TreeNode("child")
    root.add(child)
    with pytest.raises(ValueError):  # noqa: PT011 - the words are yours
        child.add(root)


def test_calls_of_collect_share_nothing() -> None:
    assert collect(1) == [1]
    assert collect(2) == [2]
    bucket: list[int] = []
    assert collect(3, bucket) is bucket


def test_equal_values_become_one_object() -> None:
    words = [str(number) for number in (1_000, 1_000, 1_000)]
    assert len({id(word) for word in words}) == 3
    assert [word is words[0] for word in interned(words)] == [True, True, True]
    assert [type(value) for value in interned([1, True, 1.0])] == [int, bool, float]
