"""Coroutines of a submission, awaited, gathered and cancelled by an async check."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from grader.cell import cell as cell_module
from grader.cell.deaths import CellEnded
from grader.model import Verdict
from tests.cells import SHORT, CellMaker
from tests.scripted_cell import ScriptedCell

SOURCE = """
import asyncio

log = []

async def double(x):
    await asyncio.sleep(0)
    return 2 * x

async def fail():
    raise LookupError("nowhere")

started, go = asyncio.Event(), asyncio.Event()

async def wait():
    log.append("waits")
    await go.wait()
    return "went"

async def let_go():
    go.set()

async def careful():
    try:
        started.set()
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    finally:
        await asyncio.sleep(0.01)
        log.append("cleaned up")

async def stubborn():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return "so be it"

async def deaf():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def is_started():
    await started.wait()
"""


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """The end of a coroutine, as an async check would come to it."""
    return asyncio.run(asyncio.wait_for(main, 20))


async def awaited(function: Any, *args: Any) -> Any:
    return await function(*args)


async def taking_place(subject: Any, name: str) -> asyncio.Task[Any]:
    """The task of a coroutine function without arguments, which has begun in the cell."""
    task = asyncio.create_task(awaited(getattr(subject, name)))
    await asyncio.sleep(0)  # the await is sent
    await subject.double(1)  # and seen by the cell's loop
    return task


class TestAwaiting:
    """One coroutine and several."""

    def test_a_coroutine_is_awaited(self, make: CellMaker) -> None:
        """Its value comes back, as do calls without await before and after."""
        subject = make(SOURCE)

        async def main() -> Any:
            before = subject.log
            return before, await subject.double(21), subject.log

        assert run(main()) == ([], 42, [])

    def test_an_exception_of_a_coroutine(self, make: CellMaker) -> None:
        """It is raised by the await."""
        subject = make(SOURCE)

        async def main() -> None:
            with pytest.raises(LookupError, match="nowhere"):
                await subject.fail()

        run(main())

    def test_gathered_coroutines_run_at_once(self, make: CellMaker) -> None:
        """One of them may wait for what another one does."""
        subject = make(SOURCE)

        async def main() -> Any:
            return await asyncio.gather(subject.wait(), subject.double(1), subject.let_go(), subject.double(2))

        assert run(main()) == ["went", 2, None, 4]

    def test_calls_while_a_coroutine_waits(self, make: CellMaker) -> None:
        """An ordinary call is answered while tasks are open."""
        subject = make(SOURCE)

        async def main() -> Any:
            task = await taking_place(subject, "wait")
            assert subject.log == ["waits"]
            await subject.let_go()
            return await task

        assert run(main()) == "went"

    def test_an_answer_to_an_await_may_come_behind_that_of_a_call(self) -> None:
        """Both may have arrived in one piece while the suite waited for the call only."""
        with ScriptedCell() as scripted:

            async def main() -> Any:
                task = asyncio.ensure_future(scripted.cell.awaiting(None, "anext"))
                await asyncio.sleep(0)
                scripted.says(["ok", 2, True], ["ok", 1, "went"])
                assert scripted.cell.operate("bool", 1) is True
                return await asyncio.wait_for(task, 0.2)

            assert asyncio.run(main()) == "went"

    def test_two_loops_after_each_other(self, make: CellMaker) -> None:
        """Each example of Hypothesis brings a loop of its own; the cell's goes on."""
        subject = make(SOURCE)
        for number in range(3):
            assert run(awaited(subject.double, number)) == 2 * number

    def test_what_was_awaited_twice_is_the_submissions_error(self, make_bare: CellMaker) -> None:
        """A coroutine can be awaited once, as anywhere."""
        subject = make_bare(SOURCE)

        async def main() -> None:
            coroutine = subject.double(1)
            await coroutine
            with pytest.raises(RuntimeError, match="already awaited"):
                await coroutine

        run(main())

    def test_time_that_passes_for_many_passes_once(self) -> None:
        """Ten coroutines that wait 0.2 s together use 0.2 s of the check's time, not 2 s."""
        with ScriptedCell(budget_s=1.5) as scripted:

            async def main() -> Any:
                waiting = [asyncio.ensure_future(scripted.cell.awaiting(None, "anext")) for _ in range(10)]
                await asyncio.sleep(0.2)
                scripted.says(*[["ok", number, number] for number in range(1, 11)])
                return await asyncio.gather(*waiting)

            assert asyncio.run(main()) == list(range(1, 11))
            scripted.says(["ok", 11, 3])
            assert scripted.cell.operate("len", "abc") == 3

    def test_no_answer_ends_the_cell(self, make: CellMaker) -> None:
        """A coroutine that waits for ever has the verdict of a call that hangs, for all who await."""
        subject = make(SOURCE, call_s=SHORT)

        async def main() -> Any:
            return await asyncio.gather(subject.wait(), subject.deaf(), return_exceptions=True)

        ends = run(main())
        assert [end.verdict for end in ends] == [Verdict.TIMEOUT, Verdict.TIMEOUT]
        with pytest.raises(CellEnded):
            subject.double(1)


class TestCancelling:
    """A cancellation reaches the cell's task, and the await lasts until that task has ended."""

    def test_finally_has_run_when_the_await_is_over(self, make: CellMaker) -> None:
        """What the submission does on its way out is done."""
        subject = make(SOURCE)

        async def main() -> Any:
            task = await taking_place(subject, "careful")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return subject.log

        assert run(main()) == ["cancelled", "cleaned up"]

    def test_a_timeout_of_the_suite(self, make: CellMaker) -> None:
        """``asyncio.timeout`` around an await cancels likewise."""
        subject = make(SOURCE)

        async def main() -> Any:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await subject.careful()
            return subject.log

        assert run(main()) == ["cancelled", "cleaned up"]

    def test_a_task_may_refuse(self, make_bare: CellMaker) -> None:
        """One that returns instead of being cancelled has returned."""
        subject = make_bare(SOURCE)

        async def main() -> Any:
            task = await taking_place(subject, "stubborn")
            task.cancel()
            return await task

        assert run(main()) == "so be it"

    def test_a_task_that_does_not_end_is_a_timeout(self, make_bare: CellMaker, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who swallows cancellation and goes on loses the cell."""
        monkeypatch.setattr(cell_module, "_CANCEL_GRACE_S", SHORT)
        subject = make_bare(SOURCE)

        async def main() -> Any:
            task = await taking_place(subject, "deaf")
            task.cancel()
            return await task

        with pytest.raises(CellEnded) as caught:
            run(main())
        assert caught.value.verdict is Verdict.TIMEOUT

    def test_a_cancelled_task_within_the_submission_is_no_cancellation_of_the_suite(self, make: CellMaker) -> None:
        """A CancelledError that the submission let out is its error."""
        subject = make("import asyncio\nasync def cancelled(): raise asyncio.CancelledError")

        async def main() -> Any:
            return await asyncio.gather(subject.cancelled(), return_exceptions=True)

        (error,) = run(main())
        assert error.type_name == "CancelledError"
        assert not isinstance(error, asyncio.CancelledError)
