"""Values that a hostile cell sends: refused by one exception, at a cost that their length bounds."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.cell.cell import Cell
from grader.cell.deaths import CellEnded
from grader.cell.exchange import Exchange
from grader.cell.inside import frames, values
from grader.cell.inside.values import Malformed, Unpacker
from tests.scripted_cell import ScriptedCell

#: What a tree's parts may be, with all that is nearly right for some tag.
atoms = st.sampled_from(
    [
        None, True, 0, 1, -1, 1 << 62, (1 << 64) - 1, 1.5, float("nan"), float("inf"), "", "x", "0x1", "-0x1", "0x0",
        "nan", "1e999999999999", "2020-01-01", "2020-01-01T00:00", "12:00+01:00", "2020-W01-1", "24:00", "9999-12-31",
        "UTC", "America", "a/../b", "/etc/passwd", "\0", "é" * 16, b"", b"x" * 16, b"\xff", b"\xed\xa0\x80",
    ]
)  # fmt: skip
wild = st.recursive(
    atoms,
    lambda inner: (
        st.builds(lambda tag, parts: [tag, *parts], st.integers(-1, 21), st.lists(inner, max_size=7))
        | st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=20,
)


class TestMalformed:
    """Trees from a hostile cell."""

    @settings(max_examples=300)
    @example(tree=[values.UUID_, "sixteen letters!"])
    @given(tree=wild)
    def test_nothing_but_malformed_is_raised(self, tree: Any) -> None:
        """Whatever MessagePack can say is either a value of builtin types or Malformed."""
        try:
            value = Unpacker({}).value(tree)
        except Malformed:
            return
        assert_plain(value)

    @settings(max_examples=150)
    @given(tree=wild)
    def test_the_trusted_sides_hooks_are_as_strict(self, tree: Any) -> None:
        """Handles, records, enumerations and functions of nonsense are Malformed too."""
        cell = Cell.__new__(Cell)
        cell.exchange = exchange = Exchange(cell)
        try:
            exchange.unpack(tree)
        except (Malformed, AssertionError):  # AssertionError: see the test above
            return

    @pytest.mark.parametrize(
        "tree",
        [
            {}, [[]], ["text"], [values.DICT, 1], [values.SET, [values.LIST]], [values.INT, "0x"], [values.INT, 7],
            [values.FRACTION, "0x1", "0x0"], [values.DECIMAL, "one"], [values.DATETIME, "2024-01-01", 2, None],
            [values.DATETIME, "2024-01-01T00:00", 0, "../../etc/passwd"], [values.DELTA, 1 << 40, 0, 0], [99],
            [values.UUID_, "sixteen letters!"],
            [values.TEXT, 5],
        ],
        ids=repr,
    )  # fmt: skip
    def test_nonsense_is_malformed(self, tree: Any) -> None:
        """Each of these is refused."""
        with pytest.raises(Malformed):
            Unpacker({}).value(tree)

    @pytest.mark.parametrize("body", [msgspec.msgpack.encode(msgspec.msgpack.Ext(5, b"x")), b"\xd6\xff\0\0\0\1"])
    def test_extension_types_are_no_values(self, body: bytes) -> None:
        """The trusted side never holds a type that the codec does not name."""
        with pytest.raises((Malformed, msgspec.DecodeError)):
            Unpacker({}).value(frames.decode(b"\x91" + body)[0])


#: 2,500 tuples of one hash, since hash(-1) == hash(-2), whose difference is found late.
COLLIDING = [(0,) * 40 + signs for signs in itertools.islice(itertools.product((-1, -2), repeat=12), 2500)]


class TestCost:
    """Reading a frame costs the trusted side about what its length says."""

    def test_keys_of_equal_hash_are_refused(self) -> None:
        """One small answer must not burn seconds in the trusted process."""
        assert len({hash(key) for key in COLLIDING}) == 1
        tree = [values.SET, *[[values.TUPLE, *key] for key in COLLIDING]]
        assert cost(lambda: Unpacker({}).value(tree)) < 0.2

    def test_raw_maps_are_refused_before_they_are_built(self) -> None:
        """MessagePack's own maps would be hashed by the decoder, whose keys nobody counts."""
        with ScriptedCell() as scripted:
            body = msgspec.msgpack.encode(["ok", 1, dict.fromkeys(COLLIDING)])
            scripted.sends(frames.LENGTH.pack(len(body)) + body)
            began = time.process_time()
            with pytest.raises(CellEnded):
                scripted.cell.operate("len", "abc")
            assert time.process_time() - began < 0.2


def cost(work: Callable[[], object]) -> float:
    """CPU seconds of ``work()``, which may refuse what it is given."""
    began = time.process_time()
    with contextlib.suppress(Malformed, msgspec.DecodeError):
        work()
    return time.process_time() - began


def assert_plain(value: Any) -> None:
    """Fails unless ``value`` is built of the codec's types and nothing else."""
    if type(value) in (list, tuple, set, frozenset):
        for item in value:
            assert_plain(item)
    elif type(value) is dict:
        assert_plain(list(value.items()))
    else:
        assert type(value) in PLAIN, type(value)


PLAIN = {
    type(None), bool, int, float, complex, str, bytes, dt.date, dt.time, dt.datetime, dt.timedelta, Decimal, Fraction,
    UUID,
}  # fmt: skip
