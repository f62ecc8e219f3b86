"""What a hostile cell may write to its channel: every frame out of turn ends the cell, and nothing else happens."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cell.cell import Cell
from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.inside import values
from grader.model import Verdict
from tests.cells import SHORT
from tests.scripted_cell import ScriptedCell


@pytest.fixture
def scripted() -> Iterator[ScriptedCell]:
    """A cell that says what the test lets it say."""
    with ScriptedCell() as scripted:
        yield scripted


def ask(cell: Cell) -> Any:
    """One call; the first of a cell has number 1."""
    return cell.operate("len", "abc")


def end_of(cell: Cell) -> CellEnded:
    """How the cell ends when it is asked."""
    with pytest.raises(CellEnded) as caught:
        ask(cell)
    return caught.value


HANDLE = [values.HANDLE, 1, "Thing", 0]
ERROR = [[["ValueError", True]], "text", [values.LIST], "traceback", HANDLE, None]


class TestFrames:
    """One frame in place of the answer."""

    def test_an_answer(self, scripted: ScriptedCell) -> None:
        """The value of the call with that number; the call is written as documented."""
        scripted.says(["ok", 1, 3])
        assert ask(scripted.cell) == 3
        assert scripted.hears() == ["call", 1, "operate", ["len", ["abc"]]]

    def test_an_exception(self, scripted: ScriptedCell) -> None:
        """Raised by the call."""
        scripted.says(["err", 1, ERROR])
        with pytest.raises(ValueError, match="text") as caught:
            ask(scripted.cell)
        assert isinstance(caught.value, SubmissionError)

    @pytest.mark.parametrize(
        "frame",
        [
            [], [1], ["ok"], ["ok", 1], ["ok", 1, 2, 3], ["ok", "1", 2], ["ok", True, 2], ["ok", 2, 3], ["ok", -1, 3],
            ["fine", 1, 3], ["print"], ["print", 5], ["limit", b"x"], ["hello", 1], ["setup", "x"], ["exit", 0, 0.0, 0],
            ["back", 1, 0, []], ["back", "1", 0, [], []], ["back", 1, 0, [], []], ["back", 1, -1, [], []], ["unback"],
            ["ok", 1, {}], ["ok", 1, [[]]], ["ok", 1, [values.HANDLE]], ["ok", 1, [values.FUNCTION, 0]],
            ["ok", 1, [values.METHOD]], ["err", 1, None], ["err", 1, []], ["err", 1, [[], *ERROR[1:]]],
            ["err", 1, [*ERROR[:4], 5, None]], ["err", 1, [*ERROR, 1]], ["err", 1, [[["X"]], *ERROR[1:]]],
            ["err", 1, [*ERROR[:2], {}, *ERROR[3:]]],
        ],
        ids=repr,
    )  # fmt: skip
    def test_frames_that_make_no_sense(self, scripted: ScriptedCell, frame: list[Any]) -> None:
        """The cell has crashed, and is not asked again."""
        scripted.says(frame)
        end = end_of(scripted.cell)
        assert end.verdict is Verdict.CRASHED
        assert "did not keep to its channel" in end.message
        assert end_of(scripted.cell) is end

    wild = st.recursive(
        st.none() | st.booleans() | st.integers(-2, 22) | st.floats() | st.text(max_size=3) | st.binary(max_size=3),
        lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=15,
    )
    kinds = st.sampled_from(["ok", "err", "print", "limit", "back", "unback", "hello"])

    @settings(max_examples=100)
    @given(told=st.lists(st.builds(lambda kind, rest: [kind, *rest], kinds, st.lists(wild | st.just(1), max_size=5))))
    def test_any_frames(self, told: list[list[Any]]) -> None:
        """Whatever is sent, a call ends in an answer, in the submission's error or in the end of the cell."""
        with ScriptedCell() as scripted:
            scripted.says(*told)
            scripted.hangs_up()
            with contextlib.suppress(SubmissionError, CellEnded):
                ask(scripted.cell)

    @settings(max_examples=100)
    @given(data=st.binary(max_size=40))
    def test_any_bytes(self, data: bytes) -> None:
        """The same for bytes that need not be frames."""
        with ScriptedCell() as scripted:
            scripted.sends(data)
            scripted.hangs_up()
            end_of(scripted.cell)


class TestTurns:
    """Frames that are well made and come at the wrong time."""

    def test_two_answers(self, scripted: ScriptedCell) -> None:
        """The second one is found before the next call."""
        scripted.says(["ok", 1, 3], ["ok", 1, 4])
        assert ask(scripted.cell) == 3
        assert "nobody had asked for" in end_of(scripted.cell).message

    def test_an_answer_before_the_call(self, scripted: ScriptedCell) -> None:
        """Answers in advance do not count as answers."""
        scripted.says(["ok", 1, 3], ["ok", 2, 3])
        assert ask(scripted.cell) == 3
        assert end_of(scripted.cell).verdict is Verdict.CRASHED

    def test_an_error_behind_an_answer(self, scripted: ScriptedCell) -> None:
        """One call has one outcome."""
        scripted.says(["ok", 1, 3], ["err", 1, ERROR])
        assert ask(scripted.cell) == 3
        assert end_of(scripted.cell).verdict is Verdict.CRASHED

    def test_a_function_that_was_never_handed_over(self, scripted: ScriptedCell) -> None:
        """The suite's functions are numbered, and only those are called."""
        called: list[Any] = []
        scripted.says(["back", 1, 0, [5], []], ["ok", 1, True], ["back", 2, 1, [6], []])
        assert scripted.cell.operate("bool", called.append) is True
        assert called == [5]
        assert "never handed over" in end_of(scripted.cell).message

    def test_an_answer_out_of_turn_in_an_async_check(self, scripted: ScriptedCell) -> None:
        """Everybody who awaits is told."""

        async def main() -> list[Any]:
            waiting = [asyncio.ensure_future(scripted.cell.awaiting(None, "anext")) for _ in range(2)]
            await asyncio.sleep(0)
            scripted.says(["ok", 7, 1])
            return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)

        assert [end.verdict for end in asyncio.run(main())] == [Verdict.CRASHED, Verdict.CRASHED]


class TestSize:
    """Frames too large, too slow or never ending."""

    @pytest.mark.parametrize("length", [values.MAX_FRAME + 1, (1 << 32) - 1])
    def test_a_large_frame_is_refused_by_its_head(self, scripted: ScriptedCell, length: int) -> None:
        """Nobody waits for its body."""
        scripted.sends(struct.pack("<I", length))
        assert end_of(scripted.cell).verdict is Verdict.OUTPUT

    def test_a_deep_frame(self, scripted: ScriptedCell) -> None:
        """MessagePack itself may be nested too deep to be decoded."""
        scripted.sends(struct.pack("<I", 100_000) + b"\x91" * 100_000)
        assert end_of(scripted.cell).verdict is Verdict.CRASHED

    def test_a_frame_that_trickles_has_one_deadline(self) -> None:
        """The time of a call holds for the whole answer, not for each byte."""
        with ScriptedCell(call_s=SHORT) as scripted:
            stop = threading.Event()

            def trickle() -> None:
                scripted.sends(struct.pack("<I", 1000))
                while not stop.wait(0.02):
                    scripted.sends(b"x")

            thread = threading.Thread(target=trickle)
            thread.start()
            began = time.monotonic()
            end = end_of(scripted.cell)
            stop.set()
            thread.join()
            assert end.verdict is Verdict.TIMEOUT
            assert time.monotonic() - began < 10 * SHORT

    def test_reading_an_answer_takes_time_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Large answers cost the suite's process seconds, which are the check's."""

        def read_slowly(tree: Any) -> Any:
            time.sleep(0.1)
            return tree

        with ScriptedCell(budget_s=0.25) as scripted:
            monkeypatch.setattr(scripted.cell.exchange, "unpack", read_slowly)
            for number in (1, 2, 3):
                scripted.says(["ok", number, [values.LIST, 3]])
                ask(scripted.cell)
            with pytest.raises(CellEnded, match="no answer within") as caught:
                ask(scripted.cell)
            assert caught.value.verdict is Verdict.TIMEOUT

    def test_a_cell_that_does_not_read(self) -> None:
        """An argument that cannot be delivered is a timeout, too."""
        with ScriptedCell(call_s=SHORT) as scripted, pytest.raises(CellEnded, match="stopped reading") as caught:
            scripted.cell.operate("len", "x" * 900_000)
        assert caught.value.verdict is Verdict.TIMEOUT

    def test_texts_are_cut(self, scripted: ScriptedCell) -> None:
        """The message of a limit and what was printed are bounded, whoever wrote them."""
        scripted.says(["print", "y" * 100_000], ["limit", "x" * 100_000])
        assert len(end_of(scripted.cell).message) == 200
        assert len(scripted.cell.printed) == 1 << 16

    def test_the_first_reason_is_the_one_that_counts(self, scripted: ScriptedCell) -> None:
        """A cell ends once."""
        scripted.says(["limit", "too much"], ["fine"])
        assert end_of(scripted.cell).message == "too much"
        scripted.hangs_up()
        assert end_of(scripted.cell).message == "too much"
