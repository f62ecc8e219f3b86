"""The codec: plain values cross exactly typed, and what no encoder of ours makes is refused by one exception."""

from __future__ import annotations

import datetime as dt
from collections import Counter, OrderedDict, defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cell.inside import frames, values
from grader.cell.inside.values import Malformed, Unpacker, ValueTooLarge
from tests.cells import CellMaker

texts = st.text(st.characters(exclude_categories=()), max_size=8)  # with lone surrogates
offsets = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
zones = st.none() | offsets | st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]).map(ZoneInfo)
moments = st.builds(
    lambda moment, zone, fold: moment.replace(tzinfo=zone, fold=fold), st.datetimes(), zones, st.integers(0, 1)
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(1 << 300), 1 << 300)
    | st.floats()
    | st.complex_numbers()
    | texts
    | st.binary(max_size=8)
    | st.dates()
    | st.builds(lambda time, fold: time.replace(fold=fold), st.times(), st.integers(0, 1))
    | moments
    | st.timedeltas()
    | st.decimals()
    | st.fractions()
    | st.uuids()
)
keys = st.recursive(
    scalars.filter(lambda value: not (isinstance(value, Decimal) and value.is_snan())),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(keys, max_size=4)
        | st.frozensets(keys, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def refuse(value: Any, _depth: int) -> Any:
    raise AssertionError(f"{value!r} is not plain")


def crossed(value: Any) -> Any:
    """``value`` as it looks on the other side."""
    return Unpacker({}).value(frames.decode(frames.encode([values.pack(value, refuse)])[4:])[0])


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are alike to the last bit, where ``==`` would let 1, 1.0 and True pass."""
    return spelt(one) == spelt(other)


def spelt(value: Any) -> str:
    """A text that tells a plain value from every other."""
    kind = type(value)
    if kind in (list, tuple):
        return f"{kind.__name__}({', '.join(map(spelt, value))})"
    if kind is dict:
        return f"dict({', '.join(map(spelt, value.items()))})"
    if kind in (set, frozenset):
        return f"{kind.__name__}({', '.join(sorted(map(spelt, value)))})"
    return f"{kind.__name__} {value!r}"


class TestRoundTrips:
    """What goes in comes out, as the same type."""

    @given(value=plain)
    def test_every_plain_value_comes_back_exactly(self, value: Any) -> None:
        """The codec alone loses nothing: not a type, an order, a fold, a sign of zero."""
        assert same(crossed(value), value)

    @settings(max_examples=40)
    @given(examples=st.lists(plain, min_size=1, max_size=5))
    def test_values_go_through_a_cell_and_back(self, make_bare: CellMaker, examples: list[Any]) -> None:
        """A submission that returns its argument returns just that; it sees the type that was sent."""
        subject = make_bare.shared("def echo(value): return value, type(value).__name__")
        for value in examples:
            echoed, name = subject.echo(value)
            assert same(echoed, value)
            assert name == type(value).__name__

    @pytest.mark.parametrize(
        "kind", [OrderedDict, Counter, lambda pairs: defaultdict(int, pairs)], ids=["ordered", "counter", "default"]
    )
    def test_relatives_of_dict_arrive_as_dict(self, kind: Any) -> None:
        """Their entries are what counts."""
        assert same(crossed(kind({"a": 1, "b": 2})), {"a": 1, "b": 2})

    def test_hashes_of_equal_values_stay_apart(self) -> None:
        """True, 1 and 1.0 keep their types as items of one list."""
        assert same(
            crossed([True, 1, 1.0, Decimal(1), Fraction(1), 1 + 0j]), [True, 1, 1.0, Decimal(1), Fraction(1), 1 + 0j]
        )


class TestLimits:
    """What the channel does not take."""

    def test_depth(self) -> None:
        """64 levels pass, 65 do not, and a list within itself is refused like any that is too deep."""
        nested: list[Any] = []
        for _ in range(values.MAX_DEPTH - 1):
            nested = [nested]
        assert same(crossed(nested), nested)
        loop: list[Any] = []
        loop.append(loop)
        for too_deep in ([nested], loop):
            with pytest.raises(ValueTooLarge, match="64 levels"):
                values.pack(too_deep, refuse)

    def test_hashed_entries(self) -> None:
        """10,000 entries pass in one value, one more in all does not."""
        assert len(crossed(dict.fromkeys(range(10_000)))) == 10_000
        with pytest.raises(ValueTooLarge, match="10,000"):
            values.pack(dict.fromkeys(range(10_001)), refuse)
        with pytest.raises(ValueTooLarge, match="10,000"):
            values.pack(set(range(10_001)), refuse)
        with pytest.raises(Malformed, match="10,000"):
            crossed([set(range(6_000)), dict.fromkeys(range(6_000))])

    def test_digits_of_an_int(self) -> None:
        """80,000 bits pass; one more is refused on both sides."""
        largest = (1 << 80_000) - 1
        assert crossed([largest, -largest]) == [largest, -largest]
        with pytest.raises(ValueTooLarge, match="80,001 bits"):
            values.pack(largest + 1, refuse)
        with pytest.raises(Malformed):
            Unpacker({}).value([values.INT, "0x1" + "0" * 20_005])

    def test_characters_of_a_decimal(self) -> None:
        """A Decimal is as long as its text."""
        assert crossed(Decimal("1" * 10_000)) == Decimal("1" * 10_000)
        with pytest.raises(ValueTooLarge, match="Decimal"):
            values.pack(Decimal("1" * 10_001), refuse)

    def test_a_frame_holds_a_mebibyte(self) -> None:
        """One byte more is refused before anything is sent."""
        room = values.MAX_FRAME - 6  # the array's head and the string's
        assert len(frames.encode(["x" * room])) == 4 + values.MAX_FRAME
        with pytest.raises(ValueTooLarge, match="1,048,577"):
            frames.encode(["x" * (room + 1)])
