"""Functions of the suite that a submission calls: from any thread, task or moment."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from grader.cell.deaths import CellEnded, SubmissionError
from grader.model import Verdict
from tests.cells import SHORT, CellMaker

SOURCE = """
import asyncio, inspect, threading
from concurrent.futures import ThreadPoolExecutor

def apply(fn, *args, **kwargs): return fn(*args, **kwargs)

def apply_all(fn, items, workers=8):
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(fn, items))

def guarded(fn):
    try:
        fn()
    except Exception as error:
        return type(error).__name__, str(error)

class Box:
    pass

def later(fn):
    threading.Thread(target=fn, args=("later",), daemon=True).start()

def nothing(): pass

def endlessly(fn):
    while True: fn()

async def apply_async(fn, *args): return await fn(*args)

async def apply_all_async(fn, items): return await asyncio.gather(*map(fn, items))

async def within(fn, seconds):
    try:
        async with asyncio.timeout(seconds):
            return await fn()
    except TimeoutError:
        return "too late"

async def mixed(fn, afn, x):
    await asyncio.sleep(0)
    return fn(x), await afn(x), fn(x + 1)

class Counter:
    def __init__(self): self.count = 0
    def add(self, by): self.count += by; return self.count

def is_async(fn): return inspect.iscoroutinefunction(fn)
def same(one, other): return one is other
def give_back(fn): return fn
"""


def refuse() -> None:
    raise ValueError("not now")


class TestFunctions:
    """Plain functions."""

    def test_a_function_is_called_back(self, make: CellMaker) -> None:
        """With values in both directions, exactly typed."""
        assert make(SOURCE).apply(lambda *args, **kwargs: (args, kwargs), 1, b"x", key={2}) == ((1, b"x"), {"key": {2}})

    def test_objects_are_passed_through(self, make: CellMaker) -> None:
        """An object of the cell is a stand-in here and itself there again."""
        subject = make(SOURCE)
        box = subject.Box()
        assert subject.apply(lambda thing: thing, box) is box

    def test_a_function_stays_itself(self, make_bare: CellMaker) -> None:
        """Handed over twice it is one object there, handed back it is the suite's own."""
        subject = make_bare(SOURCE)
        assert subject.same(refuse, refuse) is True
        assert subject.give_back(refuse) is refuse

    def test_a_method_of_the_submissions_own_is_handed_back(self, make_bare: CellMaker) -> None:
        """A bound method is an argument like any function."""
        subject = make_bare(SOURCE)
        counter = subject.Counter()
        assert subject.apply(counter.add, 5) == 5
        assert subject.apply(subject.apply, counter.add, 2) == 7
        assert counter.count == 7

    def test_from_many_threads(self, make: CellMaker) -> None:
        """Eight threads call at once, each gets its own answer."""
        seen = set()

        def double(number: int) -> int:
            seen.add(threading.get_ident())
            return 2 * number

        assert make(SOURCE).apply_all(double, list(range(100))) == [2 * number for number in range(100)]
        assert seen == {threading.get_ident()}

    def test_from_a_thread_between_two_calls(self, make: CellMaker) -> None:
        """What a background thread asks is answered at the latest while the next call is served."""
        subject = make(SOURCE)
        heard: list[str] = []
        subject.later(heard.append)
        for _ in range(200):
            subject.nothing()
        assert heard == ["later"]

    def test_an_endless_loop_of_callbacks_is_a_timeout(self, make: CellMaker) -> None:
        """Callbacks do not stop a call's clock."""
        subject = make(SOURCE, call_s=SHORT)
        with pytest.raises(CellEnded) as caught:
            subject.endlessly(lambda: None)
        assert caught.value.verdict is Verdict.TIMEOUT


class TestExceptions:
    """What a function of the suite raises."""

    def test_builtin_exceptions_are_raised_in_the_submission(self, make: CellMaker) -> None:
        """It may catch them, or let them through to the suite."""
        subject = make(SOURCE)
        assert subject.guarded(refuse) == ("ValueError", "not now")
        with pytest.raises(ValueError, match="not now") as caught:
            subject.apply(refuse)
        assert isinstance(caught.value, SubmissionError)

    def test_other_exceptions_become_their_nearest_builtin(self, make_bare: CellMaker) -> None:
        """Classes of the suite mean nothing in the cell."""

        class Mine(OSError):
            pass

        def fail() -> None:
            raise Mine("mine")

        assert make_bare(SOURCE).guarded(fail) == ("OSError", "mine")

    def test_a_failed_assertion_is_the_checks(self, make: CellMaker) -> None:
        """It fails the check even if the submission swallows it."""

        def claim() -> None:
            raise AssertionError("called after close()")

        with pytest.raises(AssertionError, match="called after close") as caught:
            make(SOURCE).guarded(claim)
        assert not isinstance(caught.value, SubmissionError)

    def test_a_callback_may_not_call_into_the_cell(self, make_bare: CellMaker) -> None:
        """The suite's author is told, by an exception that goes through the submission."""
        subject = make_bare(SOURCE)
        with pytest.raises(RuntimeError, match="may not call into the cell"):
            subject.apply(lambda: subject.nothing())


class TestCoroutineFunctions:
    """Async functions of the suite."""

    def test_an_async_function_is_one_in_the_cell(self, make: CellMaker) -> None:
        """The submission sees a coroutine function, and many calls of it run at once."""
        subject = make(SOURCE)
        barrier = asyncio.Barrier(10)

        async def together(number: int) -> int:
            await barrier.wait()
            return 2 * number

        async def main() -> Any:
            assert subject.is_async(together) is True
            return await subject.apply_all_async(together, list(range(10)))

        assert asyncio.run(main()) == [2 * number for number in range(10)]

    def test_plain_functions_in_coroutines(self, make: CellMaker) -> None:
        """Tasks that run at once may call both kinds of function; so may threads of an async check."""
        subject = make(SOURCE)

        async def double(x: int) -> int:
            await asyncio.sleep(0.01)
            return 2 * x

        async def main() -> Any:
            tasks = [subject.mixed(lambda x: -x, double, number) for number in range(5)]
            assert await asyncio.gather(*tasks) == [(-n, 2 * n, -n - 1) for n in range(5)]
            return subject.apply_all(str.upper, ["b", "c"])

        assert asyncio.run(main()) == ["B", "C"]

    def test_cancelling_the_caller_cancels_the_callback(self, make: CellMaker) -> None:
        """A timeout of the submission around the suite's function ends that function."""
        subject = make(SOURCE)
        ended = asyncio.Event()

        async def sleep() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.set()
                raise

        async def main() -> Any:
            answer = await subject.within(sleep, 0.05)
            await ended.wait()
            return answer

        assert asyncio.run(asyncio.wait_for(main(), 10)) == "too late"

    def test_exceptions_of_async_functions(self, make: CellMaker) -> None:
        """They are raised by the submission's await, cancellations included."""
        subject = make(SOURCE)

        async def fail() -> None:
            raise KeyError("k")

        async def cancel() -> None:
            raise asyncio.CancelledError

        async def main() -> None:
            with pytest.raises(KeyError):
                await subject.apply_async(fail)
            with pytest.raises(SubmissionError) as caught:
                await subject.apply_async(cancel)
            assert caught.value.type_name == "CancelledError"

        asyncio.run(main())

    def test_outside_of_an_async_check_there_is_no_loop_for_them(self, make_bare: CellMaker) -> None:
        """The suite's author is told."""

        async def fine() -> None:
            pass

        subject = make_bare(SOURCE + "\ndef run(fn): asyncio.run(fn())", call_s=2.0)
        with pytest.raises(RuntimeError, match="outside an async check"):
            subject.run(fine)
