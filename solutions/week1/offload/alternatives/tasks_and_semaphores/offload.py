"""A task for each request in flight; two semaphores bound the workers, one executor for the call runs them."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple


class Reply(NamedTuple):
    request: tuple
    value: object
    error: Exception | None


class Caller:
    def __init__(self, functions, executor):
        self.functions = functions  # kind: (function, semaphore)
        self.executor = executor
        self.closing = False

    async def call(self, request):
        kind = request[0]
        if kind not in self.functions:
            return Reply(request, None, ValueError(kind))
        fn, semaphore = self.functions[kind]
        async with semaphore:
            if self.closing:
                return None
            context = contextvars.copy_context()
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.executor, context.run, attempt, fn, request)


def attempt(fn, request):
    try:
        return Reply(request, fn(request[1]), None)
    except Exception as error:  # noqa: BLE001 - it is the reply
        return Reply(request, None, error)


async def handle(requests, *, hash_fn, fetch_fn, hash_workers=2, fetch_workers=8, window=16):
    if hash_workers < 1 or fetch_workers < 1 or window < 1:
        raise ValueError("at least 1 of each")
    executor = ThreadPoolExecutor(hash_workers + fetch_workers)
    caller = Caller(
        {"hash": (hash_fn, asyncio.Semaphore(hash_workers)), "fetch": (fetch_fn, asyncio.Semaphore(fetch_workers))},
        executor,
    )
    source, is_over, tasks = iter(requests), False, []
    try:
        while True:
            while len(tasks) < window and not is_over:
                try:
                    request = next(source)
                except StopIteration:
                    is_over = True
                else:
                    tasks.append(asyncio.create_task(caller.call(request)))
            if not tasks:
                break
            await asyncio.wait(tasks[:1])  # being cancelled here, the task is not
            yield tasks.pop(0).result()
    finally:
        caller.closing = True
        if tasks:
            await asyncio.wait(tasks)
        executor.shutdown(wait=False)
