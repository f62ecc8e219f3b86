"""Tasks that compute and tasks that wait, run under the submission's measuring; returns what was measured and seen.

Real computing is measured against the kernel's own account of the CPU, never against the wall clock of a machine
that may be busy: `IdleWall` tells the time as it would be if nobody else computed.
"""

import hashlib
import os
import pickle
import resource
import socket
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import cpu_vs_io

BLOCK = b"x" * 65_536


def kernel_cpu():
    """CPU seconds of this process and of its children that were waited for, by the kernel's account."""
    usages = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class IdleWall:
    """The wall clock of an idle machine with `cores` cores: CPU time over cores, and what tasks say they waited."""

    def __init__(self, cores):
        self.cores = cores
        self.waited = 0.0

    def __call__(self):
        return kernel_cpu() / self.cores + self.waited

    def sleep(self, seconds):
        self.waited += seconds


# Work that uses a given time of the CPU, however long that takes.


def loop(seconds):
    """Pure Python."""
    end, number = time.thread_time() + seconds, 0
    while time.thread_time() < end:
        for _ in range(1_000):
            number = number * 31 % 65_537


def hash_blocks(seconds):
    """A C function that lets go of the GIL."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        hashlib.sha256(BLOCK)


def system_calls(seconds):
    """Work that the kernel does for us: system time, not user time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        os.urandom(262_144)


def in_threads(seconds):
    """Two threads that hash at the same time, half of the CPU time each."""
    threads = [threading.Thread(target=hash_blocks, args=(seconds / 2,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_child(seconds):
    """A child process that computes, half of it in the kernel, and is waited for."""
    child = os.fork()
    if child == 0:
        try:
            hash_blocks(seconds / 2)
            system_calls(seconds / 2)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


WORKS = {
    "a Python loop": loop,
    "hashing": hash_blocks,
    "system calls": system_calls,
    "two threads that hash": in_threads,
    "a child process": in_child,
    "time.sleep": time.sleep,
}


def cpu_used(name, seconds):
    """What cpu_seconds() says a work has used; the least and the most that it can be by the kernel's account."""
    outer = kernel_cpu()
    before = cpu_vs_io.cpu_seconds()
    inner = kernel_cpu()
    WORKS[name](seconds)
    inner_end = kernel_cpu()
    after = cpu_vs_io.cpu_seconds()
    outer_end = kernel_cpu()
    return {"said": after - before, "least": inner_end - inner, "most": outer_end - outer}


# Profiles.


class Script:
    """Two clocks that only a task moves."""

    def __init__(self, start):
        self.wall = self.cpu = start
        self.calls = []

    def task(self, wall_s, cpu_s):
        def run():
            self.calls.append(threading.get_ident())
            self.wall += wall_s
            self.cpu += cpu_s
            return "a result that nobody wants"

        return run


def profile_scripted(wall_s, cpu_s, start):
    script = Script(start)
    result = cpu_vs_io.profile(script.task(wall_s, cpu_s), wall=lambda: script.wall, cpu=lambda: script.cpu)
    return {**seen(result), "calls": len(script.calls), "here": set(script.calls) <= {threading.get_ident()}}


def profile_work(name, seconds, waits_s, cores):
    """Profile real work, and a wait if there is one, by the wall clock of an idle machine."""
    wall = IdleWall(cores)

    def task():
        WORKS[name](seconds)
        wall.sleep(waits_s)

    return seen(cpu_vs_io.profile(task, wall=wall))


def profile_wait(name, seconds):
    """Profile a wait by the clocks that profile() uses by itself; and how long the call took in all."""
    ours, theirs = socket.socketpair()
    ours.settimeout(seconds)

    def receive():
        try:
            ours.recv(1)
        except TimeoutError:
            return

    with ours, theirs:
        start = time.perf_counter()
        result = cpu_vs_io.profile(receive if name == "a socket" else lambda: time.sleep(seconds))
        return {**seen(result), "in all": time.perf_counter() - start}


def seen(result):
    return {"kind": result.kind, "wall_s": result.wall_s, "cpu_s": result.cpu_s}


class Cancelled(BaseException):
    """Not an Exception."""


ERRORS = {"ValueError": ValueError, "KeyboardInterrupt": KeyboardInterrupt, "Cancelled": Cancelled}


def profile_failure(name):
    """Profile a task that raises; how often it was called, and whether its very error came out."""
    error, calls = ERRORS[name]("broken"), []

    def task():
        calls.append(1)
        raise error

    try:
        cpu_vs_io.profile(task)
    except BaseException as caught:  # noqa: BLE001 - whatever comes out is what was observed
        return {"calls": len(calls), "same": caught is error, "came": type(caught).__name__}
    return {"calls": len(calls), "same": False, "came": "nothing"}


# Executors.


def speed_up(durations, workers):
    """Tasks that sleep in virtual time, on a pool of threads; what came back, and who ran when."""
    calls, lock = [], threading.Lock()
    running = {"here": 0, "there": 0}
    most = dict(running)

    def task():
        place = "here" if threading.get_ident() == caller else "there"
        with lock:
            number = sum(each == place for each in calls)
            calls.append(place)
            running[place] += 1
            most[place] = max(most[place], running[place])
        time.sleep(durations[number % len(durations)])
        with lock:
            running[place] -= 1

    caller = threading.get_ident()
    with ThreadPoolExecutor(workers) as pool:
        factor = cpu_vs_io.speedup(task, len(durations), pool)
        ended = running == {"here": 0, "there": 0}
    return {
        "factor": factor,
        "here": calls.count("here"),
        "there": calls.count("there"),
        "most": [most["here"], most["there"]],
        "ended": ended,
    }


class Steps:
    """A clock that tasks move, by one step here in the caller's thread and by another there on the executor."""

    def __init__(self, here_s, there_s):
        self.caller, self.here_s, self.there_s = threading.get_ident(), here_s, there_s
        self.now = 1_000.0
        self.lock = threading.Lock()

    def step(self):
        with self.lock:
            self.now += self.here_s if threading.get_ident() == self.caller else self.there_s


steps = Steps(1.0, 1.0)


def step():
    """A task that can be pickled, since it stands at the top of a module."""
    steps.step()


class PicklingExecutor(ThreadPoolExecutor):
    """Threads that take their tasks as processes do: pickled."""

    def submit(self, fn, /, *args, **kwargs):
        fn, args, kwargs = pickle.loads(pickle.dumps((fn, args, kwargs)))
        return super().submit(fn, *args, **kwargs)


def speed_up_by_clock(n, here_s, there_s):
    """The speedup by a clock that is handed in."""
    global steps
    steps = Steps(here_s, there_s)
    with ThreadPoolExecutor(2) as pool:
        return cpu_vs_io.speedup(step, n, pool, wall=lambda: steps.now)


def speed_up_pickled(n):
    """The same on an executor that pickles; and whether the executor still takes work afterwards."""
    global steps
    steps = Steps(3.0, 1.0)
    with PicklingExecutor(2) as pool:
        factor = cpu_vs_io.speedup(step, n, pool, wall=lambda: steps.now)
        try:
            still_open = pool.submit(abs, -1).result() == 1
        except RuntimeError:
            still_open = False
    return {"factor": factor, "open": still_open}


def calls_of_senseless(n):
    """Ask for n calls; what came out, and how many were made."""
    calls = []
    with ThreadPoolExecutor(1) as pool:
        try:
            came = f"returned {cpu_vs_io.speedup(lambda: calls.append(1), n, pool)!r}"
        except Exception as error:  # noqa: BLE001 - whatever comes out is what was observed
            came = type(error).__name__
    return {"came": came, "calls": len(calls)}


def speed_up_failure(where):
    """A task that raises only here, in the caller's thread, or only there, on the executor; what came out."""
    caller, error = threading.get_ident(), LookupError("no such row")

    def task():
        place = "here" if threading.get_ident() == caller else "there"
        if place == where:
            raise error

    with ThreadPoolExecutor(2) as pool:
        try:
            return f"returned {cpu_vs_io.speedup(task, 3, pool)!r}"
        except Exception as caught:  # noqa: BLE001 - whatever comes out is what was observed
            return "the error" if caught is error else f"{type(caught).__name__}: {caught}"


def chosen(kind):
    """The name of the class that is chosen, if it is one of the two."""
    executor = cpu_vs_io.choose_executor(cpu_vs_io.Profile(kind, 1.0, 0.5))
    return next(
        (each.__name__ for each in (ThreadPoolExecutor, ProcessPoolExecutor) if executor is each), repr(executor)
    )
