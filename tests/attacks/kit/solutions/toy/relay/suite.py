"""Hidden suite of toy/relay: coroutines of both sides, cancellation, virtual time."""

import asyncio

from grader.suite import check, raises


def answering(value):
    async def job():
        await asyncio.sleep(0)
        return value

    return job


@check("results come in order", points=20, stage="core", hint="Which job does a result belong to?")
async def test_order(subject):
    assert await subject.run_all([answering(number) for number in range(4)], 2) == [0, 1, 2, 3]


@check("exactly limit jobs run at once", points=25, stage="core", hint="Who waits for whom?")
async def test_limit(subject):
    running, most, two = 0, 0, asyncio.Event()

    async def job():
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            two.set()
        async with asyncio.timeout(2):
            await two.wait()
        running -= 1
        return "done"

    assert await subject.run_all([job] * 6, 2) == ["done"] * 6
    assert most == 2, f"{most} jobs ran at once, the limit was 2"


@check("whoever is late is cancelled", points=20, stage="robust", hint="Who cancels the others?")
async def test_first(subject):
    cancelled = asyncio.Event()

    async def late():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    assert await subject.first([late, answering("here")]) == "here"
    async with asyncio.timeout(2):
        await cancelled.wait()


@check("patience ends", points=20, stage="robust", hint="What does wait_for raise?")
async def test_patience(subject, virtual_time):
    assert await subject.nap(3600) == 3600
    assert virtual_time.elapsed == 3600

    async def never():
        await asyncio.Event().wait()

    assert await subject.patient(never, 60, "late") == "late"
    assert virtual_time.elapsed == 3660


@check("an error of a job is passed on", points=15, stage="robust", hint="Who sees the error?")
async def test_error(subject):
    async def broken():
        raise LookupError("not here")

    with raises(LookupError, match="not here"):
        await subject.patient(broken, 60, None)
