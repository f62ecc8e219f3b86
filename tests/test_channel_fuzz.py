"""A thousand conversations with a hostile cell: whatever it says, the trusted side ends up with a verdict.

The other end of the channel is this test, so that nothing has to be started: a conversation is a few calls, each with
whatever the cell writes instead of an answer. What comes of it is used as a suite would, and put into every report.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.inside import frames, values
from grader.cell.remote import Remote
from grader.model import Check, CheckResult, ExerciseReport, Report, Status, Verdict
from grader.report import FORMATS
from grader.report.to_terminal import to_terminal
from grader.suite.messages import Comparison, explain
from grader.suite.plugin import _clean
from grader.suite.transcript import Transcript
from tests.sample_reports import report
from tests.scripted_cell import ScriptedCell

CALL_S = 0.02
CALLS = 5

evil_texts = st.sampled_from(
    [
        "",
        "\x1b[2J\x1b]0;x\x07",
        "::error::x",
        "##[set-env]",
        "\r\nPASSED",
        "</testsuite>",
        "|`<b>@all",
        "\u202e",
        "x" * 5000,
    ]
)
texts = st.text(max_size=4) | evil_texts
numbers = st.sampled_from([0, 1, 2, -1, 255, (1 << 63) - 1, (1 << 64) - 1, -(1 << 63)]) | st.integers(-3, 30)
floats = st.floats() | st.sampled_from([math.nan, math.inf, -0.0])
scalars = st.none() | st.booleans() | numbers | floats | texts
#: Parts of which richer scalars are made, right and wrong.
spelled = st.sampled_from(
    ["0x" + "f" * 19_000, "0x" + "f" * 21_000, "-0x1", "0b1", "sNaN", "1e999999", "9" * 20_000, "2020-02-30",
     "0001-01-01", "9999-12-31T23:59:59.999999+23:59", "Europe/Paris", "../../etc/passwd", "America", "\xed\xa0\x80",
     "\xff"]
)  # fmt: skip
trees = st.recursive(
    scalars | spelled,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.builds(lambda tag, parts: [tag, *parts], st.integers(0, 21), st.lists(inner, max_size=7))
        | st.builds(lambda n, parts: [values.HANDLE, n, *parts], numbers, st.tuples(texts, numbers))
        | st.builds(
            lambda n, name, inner: [values.RECORD, n, name, 0, True, ["a", "_cell", "__eq__"], [inner] * 3],
            numbers,
            texts,
            inner,
        )
    ),
    max_leaves=25,
)


def nested(depth: int) -> Any:
    """A list within a list, and so on; a frame may hold it, the codec's limit is 64."""
    tree: Any = [values.LIST]
    for _ in range(depth):
        tree = [values.LIST, tree]
    return tree


cycles = st.sampled_from(
    [
        [values.RECORD, 1, "T", 0, False, ["me"], [[values.HANDLE, 1, "T", 0]]],
        [
            values.RECORD,
            1,
            "T",
            0,
            False,
            ["me"],
            [[values.RECORD, 1, "T", 0, False, ["me"], [[values.HANDLE, 1, "T", 0]]]],
        ],
        [values.ENUM, 1, "E", 0, "A", [values.HANDLE, 1, "E", 0]],
    ]
)
#: Values as an honest cell would send them: they bring a conversation to its next call.
sound = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts | st.just([values.HANDLE, 1, "Thing", 0]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: [values.LIST, *parts])
        | st.lists(inner, max_size=4).map(lambda parts: [values.TUPLE, *parts])
        | st.builds(lambda n, name, inner: [values.RECORD, n, name, 0, True, ["a"], [inner]], numbers, texts, inner)
    ),
    max_leaves=6,
)
anything = trees | cycles | st.integers(0, 75).map(nested)
classes = st.sampled_from(
    ["ValueError", "KeyError", "UnicodeDecodeError", "OSError", "StopIteration", "StopAsyncIteration", "SystemExit",
     "ExceptionGroup", "KeyboardInterrupt", "AssertionError", "MemoryError", "Mine", "\x1b[31m"]
)  # fmt: skip
names = st.lists(st.tuples(classes, st.booleans() | numbers).map(list), max_size=3)
handle = st.builds(lambda n: [values.HANDLE, n, "Error", 3], numbers)
errors = st.builds(
    lambda *parts: list(parts), names | scalars, texts, st.just([values.LIST]) | anything, texts | anything,
    handle | anything, st.none() | texts,
) | anything  # fmt: skip


def answer(kind: str) -> Callable[[Any], Callable[[int], list[Any]]]:
    """A frame that answers call ``number``, or one ``off`` from it."""
    return lambda tree: lambda number: [kind, number, tree]


moves = st.one_of(
    st.builds(answer("ok"), anything),
    st.builds(answer("ok"), anything),
    st.builds(answer("err"), errors),
    st.builds(lambda off, tree: lambda number: ["ok", number + off, tree], st.integers(-2, 2), scalars),
    st.builds(lambda text: lambda _: ["print", text], texts | anything),
    st.builds(lambda text: lambda _: ["limit", text], texts | anything),
    st.builds(
        lambda back, function, args, kwargs: lambda _: ["back", back, function, args, kwargs],
        numbers, st.integers(-1, 6), st.lists(anything, max_size=3) | anything,
        st.lists(st.tuples(texts, anything).map(list), max_size=2) | anything,
    ),
    st.builds(lambda back: lambda _: ["unback", back], anything),
    st.builds(lambda frame: lambda _: frame, st.lists(anything, max_size=5)),
    st.builds(lambda frame: lambda _: {"ok": frame}, scalars),
)  # fmt: skip
raw = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 200).map(lambda depth: struct.pack("<I", depth + 1) + b"\x91" * depth + b"\x90"),
    st.integers(0, (1 << 32) - 1).map(lambda length: struct.pack("<I", length)),
    st.just(struct.pack("<I", 5) + b"\xdd\xff\xff\xff\xff"),
    st.just(struct.pack("<I", 3) + b"\xa2\xed\xa0"),
)
#: What is written for one call: frames, maybe bytes behind them, maybe cut off in the middle.
wild_turns = st.tuples(st.lists(moves, max_size=3), st.none() | raw, st.none() | st.integers(0, 30))
turns = st.tuples(st.builds(answer("ok"), sound).map(lambda move: [move]), st.none(), st.none()) | wild_turns
conversations = st.tuples(st.lists(turns, min_size=1, max_size=CALLS), st.booleans(), st.booleans())


def functions() -> list[Callable[..., Any]]:
    """What a suite hands over: functions that echo, keep, refuse and wait."""
    kept: list[Any] = []

    def fail(*arguments: Any) -> None:
        raise KeyError(*arguments)

    async def wait(*arguments: Any) -> Any:
        await asyncio.sleep(0)
        return arguments

    return [lambda *args, **kwargs: [args, kwargs], kept.append, fail, wait, lambda: 1]


def written(turn: Any, number: int) -> bytes:
    """The bytes of a turn."""
    frames_said, more, cut = turn
    data = b""
    for move in frames_said:
        with contextlib.suppress(values.ValueTooLarge):
            data += frames.encode(move(number))
    data += more or b""
    return data if cut is None else data[: max(0, len(data) - cut)]


def use(value: Any) -> None:
    """What suites do with an answer. What Python itself says of it is theirs to hear."""
    with contextlib.suppress(AssertionError, TypeError, ArithmeticError):
        assert repr(value) is not None or value == value
        assert {value: 1}
    if isinstance(value, Remote):
        with contextlib.suppress(AssertionError):
            assert len(value) >= 0


def report_on(error: BaseException | None, transcript: Transcript, module: Remote, printed: str) -> Report:
    """As the plugin and the scoring make it."""
    verdict, message = (Verdict.PASSED, "") if error is None else explain(error, Comparison())
    text = f"{transcript.render(module)}\n# {message}\n{printed}"
    check = Check("test_x", "title", 100, "core", "hint")
    result = CheckResult(check, verdict, _clean(message), _clean(text))
    status = Status.PASSED if verdict is Verdict.PASSED else Status.FAILED
    return report(ExerciseReport("week1/toy", "Toy", status, 0.0, (result,)))


def converse(scripted: ScriptedCell, turns_said: list[Any], *, hang_up: bool) -> None:
    """The suite's side. Raises what a check would raise."""
    cell = scripted.cell
    handed = functions()
    for index, turn in enumerate(turns_said):
        scripted.sends(written(turn, index + 1))
        if hang_up and index == len(turns_said) - 1:
            scripted.hangs_up()
        with contextlib.suppress(SubmissionError):
            use(cell.operate("list", handed))
        scripted.hears_all()


async def converse_async(scripted: ScriptedCell, turns_said: list[Any], *, hang_up: bool) -> None:
    """The same with calls that are awaited, two at a time."""
    cell = scripted.cell
    for index, turn in enumerate(turns_said):
        waiting = [asyncio.ensure_future(cell.awaiting(None, "anext", functions())) for _ in range(2)]
        await asyncio.sleep(0)
        scripted.sends(written(turn, 2 * index + 1))
        if hang_up and index == len(turns_said) - 1:
            scripted.hangs_up()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(outcome, CellEnded):
                raise outcome
            if isinstance(outcome, RuntimeError) and "StopIteration" in str(outcome):
                continue  # what Python makes of that exception in a coroutine
            if isinstance(outcome, BaseException) and not isinstance(outcome, SubmissionError):
                raise outcome
            use(outcome)
        scripted.hears_all()


@settings(max_examples=1000)
@given(conversation=conversations)
def test_a_thousand_conversations(conversation: Any) -> None:
    """Each ends in answers, in the submission's errors, or with the cell; and in reports that are safe to read."""
    turns_said, is_async, hang_up = conversation
    transcript = Transcript("toy")
    error: BaseException | None = None
    with ScriptedCell(call_s=CALL_S, budget_s=CALLS * CALL_S, record=transcript.record) as scripted:
        module = Remote(scripted.cell, 0, "module", 0)
        try:
            if is_async:
                asyncio.run(converse_async(scripted, turns_said, hang_up=hang_up))
            else:
                converse(scripted, turns_said, hang_up=hang_up)
        except (SubmissionError, CellEnded, AssertionError) as caught:
            error = caught
        made = report_on(error, transcript, module, scripted.cell.printed)
    assert made.exercises[0].checks[0].verdict.counts
    assert FORMATS["junit"](made).count("</testsuite>") == FORMATS["junit"](made).count("<testsuite ")
    assert "<b>" not in FORMATS["junit"](made) + FORMATS["html"](made)
    for text in [render(made) for render in FORMATS.values()] + [to_terminal(made)]:
        assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}
        assert not [line for line in text.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.parametrize(
    "said", [["print", ""], ["unback", 5], ["back", 1, 0, [], []]], ids=["print", "unback", "back"]
)
def test_endless_frames(said: list[Any]) -> None:
    """A cell that never comes to its answer has the time of one call, whatever it says meanwhile."""
    with ScriptedCell(call_s=0.2, budget_s=0.2) as scripted:
        data = frames.encode(said) * 500

        def talk() -> None:
            with contextlib.suppress(OSError):
                while True:
                    scripted.sends(data)

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(CellEnded) as caught:
            scripted.cell.operate("list", [lambda: None])
        scripted.cell.close()
        thread.join()
        assert caught.value.verdict in (Verdict.TIMEOUT, Verdict.OUTPUT)
