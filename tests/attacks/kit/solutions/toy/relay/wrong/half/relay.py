"""Half right: knows no limit, wraps the first result, hides errors."""

import asyncio


async def run_all(jobs, limit):
    return await asyncio.gather(*[job() for job in jobs])


async def first(jobs):
    tasks = [asyncio.ensure_future(job()) for job in jobs]
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return [done.pop().result()]


async def patient(job, seconds, default):
    try:
        return await asyncio.wait_for(job(), seconds)
    except Exception:
        return default


async def nap(seconds):
    await asyncio.sleep(seconds)
    return seconds
