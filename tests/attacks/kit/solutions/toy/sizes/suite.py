"""Hidden suite of toy/sizes: plain values, in and out."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check, raises


@check("thousands are understood", points=15, stage="core", hint="What does k stand for?")
def test_thousands(subject):
    assert subject.parse("3k") == 3_000
    assert subject.parse("250") == 250


@check("any size is understood", points=20, stage="core", hint="What does m stand for?")
@settings(max_examples=10)
@example(number=7, letter="m")
@given(number=st.integers(0, 10**30), letter=st.sampled_from(["", "k", "m"]))
def test_any_size(subject, number, letter):
    assert subject.parse(f"{number}{letter}") == number * {"": 1, "k": 1_000, "m": 1_000_000}[letter]


@check("what is no size is refused", points=15, stage="robust", hint="What of an empty text?")
@pytest.mark.parametrize("text", ["", "x", "3kk", "-1"])
def test_refuses(subject, text):
    assert subject.parse("2k") == 2_000
    with raises(ValueError, match="not a size"):
        subject.parse(text)


@check("the spread names its ends", points=15, stage="core", hint="What type is the result?")
def test_spread(subject):
    found = subject.spread([3, 1, 2])
    assert (found.low, found.high) == (1, 3)
    assert found == (1, 3)


@check("the spread of nothing is refused", points=15, stage="robust", hint="What is min() of nothing?")
def test_no_spread(subject):
    assert subject.spread([5]) == (5, 5)
    with raises(ValueError):
        subject.spread([])


@check("the ranking is by size, then by name", points=20, stage="core", hint="Which comes first in a tie?")
def test_ranking(subject, rng):
    assert subject.same({"a": [1]}) == {"a": [1]}
    names = rng.sample("abcdefgh", 5)
    sizes = {name: rng.randrange(100) for name in names}
    assert subject.ranking(sizes | {"z": 100, "y": 100}) == ["y", "z", *sorted(names, key=lambda n: (-sizes[n], n))]
