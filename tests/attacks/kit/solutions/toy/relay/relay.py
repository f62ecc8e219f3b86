"""Reference: jobs are coroutine functions without arguments."""

import asyncio


async def run_all(jobs, limit):
    turn = asyncio.Semaphore(limit)

    async def run(job):
        async with turn:
            return await job()

    return await asyncio.gather(*[run(job) for job in jobs])


async def first(jobs):
    tasks = [asyncio.ensure_future(job()) for job in jobs]
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.wait(tasks)
    return done.pop().result()


async def patient(job, seconds, default):
    try:
        return await asyncio.wait_for(job(), seconds)
    except TimeoutError:
        return default


async def nap(seconds):
    await asyncio.sleep(seconds)
    return seconds
