"""Threads of one's own, fed by two queues, answering through call_soon_threadsafe; a class in place of a generator."""

import asyncio
import queue
import threading
from contextvars import copy_context
from types import SimpleNamespace


class Crew:
    """Threads that run one function, until they are told to stop."""

    def __init__(self, fn, size):
        self.fn, self.size = fn, size
        self.jobs = queue.SimpleQueue()
        self.threads = []

    def give(self, job):
        if len(self.threads) < self.size:
            self.threads.append(threading.Thread(target=self.work, daemon=True))
            self.threads[-1].start()
        self.jobs.put(job)

    def work(self):
        while (job := self.jobs.get()) is not None:
            job(self.fn)
            job = None

    def stop(self):
        try:
            while True:
                self.jobs.get_nowait()
        except queue.Empty:
            for _ in self.threads:
                self.jobs.put(None)


class handle:  # noqa: N801 - called like a function
    def __init__(self, requests, *, hash_fn, fetch_fn, hash_workers=2, fetch_workers=8, window=16):
        if not all(size >= 1 for size in (hash_workers, fetch_workers, window)):
            raise ValueError("sizes begin at 1")
        self.crews = {"hash": Crew(hash_fn, hash_workers), "fetch": Crew(fetch_fn, fetch_workers)}
        self.source = iter(requests)
        self.window = window
        self.waiting = []  # futures of the requests in flight, oldest first
        self.running = 0
        self.lock = threading.Lock()
        self.idle = asyncio.Event()
        self.closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.closed:
            raise StopAsyncIteration
        try:
            while len(self.waiting) < self.window:
                try:
                    self.start(next(self.source))
                except StopIteration:
                    break
            if self.waiting:
                reply = await asyncio.shield(self.waiting[0])
                self.waiting.pop(0)
                return reply
        except BaseException:
            await self.aclose()
            raise
        await self.aclose()
        raise StopAsyncIteration

    def start(self, request):
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self.waiting.append(future)
        kind, argument = request
        if kind not in self.crews:
            future.set_result(SimpleNamespace(request=request, value=None, error=ValueError(f"kind {kind}")))
            return
        context = copy_context()

        def job(fn):
            with self.lock:
                if self.closed:
                    return
                self.running += 1
            try:
                reply = SimpleNamespace(request=request, value=context.run(fn, argument), error=None)
            except Exception as error:  # noqa: BLE001 - it is the reply
                reply = SimpleNamespace(request=request, value=None, error=error)
            loop.call_soon_threadsafe(self.ended, future, reply)

        self.crews[kind].give(job)

    def ended(self, future, reply):
        future.set_result(reply)
        with self.lock:
            self.running -= 1
        self.idle.set()

    async def aclose(self):
        with self.lock:
            self.closed = True
        for crew in self.crews.values():
            crew.stop()
        while self.running:
            self.idle.clear()
            await self.idle.wait()
