"""What must happen in the cell: threads in each other's way, callbacks at work, many operations in a row.

Everything here observes and returns plain data; the suite judges.
"""

import functools
import gc
import itertools
import opcode
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import lru_cache

from grader.cell.inside.stillness import Stillness

SOURCE = lru_cache.__file__.removesuffix("__init__.py")  # a file, or the folder of a package
MISSING = "missing"
#: Instructions that change and look at nothing but the frame they are in, or fetch what the next one works on.
SEEN_BY_NOBODY = """
    RESUME NOP POP_TOP PUSH_NULL COPY SWAP PRECALL KW_NAMES JUMP_FORWARD POP_JUMP_FORWARD_IF_FALSE
    POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE
    POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE IS_OP BUILD_TUPLE UNPACK_SEQUENCE LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_BORROW
    LOAD_FAST_LOAD_FAST LOAD_FAST_BORROW_LOAD_FAST_BORROW STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST
    LOAD_CONST LOAD_SMALL_INT LOAD_DEREF LOAD_GLOBAL LOAD_ATTR LOAD_METHOD
"""
QUIET = frozenset(opcode.opmap[name] for name in SEEN_BY_NOBODY.split() if name in opcode.opmap)
caches = {}


class Clock:
    """A clock in whole seconds that stands still unless it is set to ``tick``: then each reading adds one."""

    def __init__(self):
        self.now = 0
        self.ticks = None

    def tick(self):
        self.ticks = itertools.count()

    def stop(self):
        self.now, self.ticks = next(self.ticks), None

    def __call__(self):
        ticks = self.ticks
        return self.now if ticks is None else next(ticks)


def is_submission(frame):
    return frame.f_code.co_filename.startswith(SOURCE)


# One thread stopped in the middle of a call while another uses the cache.


@functools.cache
def instructions(code):
    return code.co_code


@functools.cache
def stillness():
    try:
        return Stillness()
    except OSError:  # no /proc
        return None


def is_still():
    """Whether all other threads wait for something. Where nobody can tell, they do."""
    others = stillness()
    return others is None or others.confirm() is not None


def call(cache, operation):
    """Carry out ("get", "a") and its like; what it returned, or {"raised": the error}."""
    name, *arguments = operation
    try:
        if name == "len":
            return len(cache)
        if name == "in":
            return arguments[0] in cache
        return getattr(cache, name)(*arguments)
    except Exception as error:  # noqa: BLE001 (whatever the submission raises is what is observed)
        return {"raised": f"{type(error).__name__}: {error}"}


class Stop:
    """Traces one thread and stops it at its n-th step in the submission until the other thread is done or stuck.

    A step is an instruction that may change what others see, or works on what they may have changed.
    """

    def __init__(self, at):
        self.at = at
        self.steps = 0
        self.reached = threading.Event()
        self.others_run = threading.Event()
        self.go_on = threading.Event()

    def enter_frame(self, frame, event, argument):
        if not is_submission(frame):
            return None
        frame.f_trace, frame.f_trace_opcodes = self.step, True  # Python 3.13 wants both, in this order
        return self.step

    def step(self, frame, event, argument):
        if event == "opcode" and instructions(frame.f_code)[frame.f_lasti] not in QUIET:
            if self.steps == self.at:
                self.reached.set()
                self.others_run.wait()
                while not self.go_on.wait(0.0001) and not is_still():
                    pass  # the other thread is at work, however slowly: neither done nor stuck
            self.steps += 1
        return self.step


def with_one_stopped(thread, before, first, others, at):
    """Do ``first`` in the ``thread``, which is stopped at step ``at``; meanwhile do ``others`` here."""
    cache, evicted = begin(before)
    stop = Stop(at)

    def run():
        sys._getframe().f_trace_opcodes = True  # Python 3.12 tells of bytecodes only if a frame asked for them before
        sys.settrace(stop.enter_frame)
        try:
            return call(cache, first)
        finally:
            sys.settrace(None)
            stop.reached.set()

    first_gives = thread.submit(run)
    stop.reached.wait()
    stop.others_run.set()
    others_gave = [call(cache, operation) for operation in others]
    stop.go_on.set()
    return stop.steps, outcome(cache, evicted, first_gives.result(), others_gave)


def in_turn(before, first, others, place):
    """Do the same calls one after the other, with ``first`` at this place among the others."""
    cache, evicted = begin(before)
    gave = [call(cache, operation) for operation in [*others[:place], first, *others[place:]]]
    return outcome(cache, evicted, gave.pop(place), gave)


def begin(before):
    clock, evicted = Clock(), []
    cache = lru_cache.LRUCache(2, clock=clock, on_evict=lambda key, value: evicted.append(key))
    for operation in before:
        call(cache, operation)
    clock.now += 1
    return cache, evicted


def outcome(cache, evicted, first_gave, others_gave):
    """All that can be seen: what each call gave, what is in the cache afterwards, what was evicted."""
    after = [call(cache, operation) for operation in (("items",), ("len",), ("stats",))]
    return {"first": first_gave, "others": others_gave, "after": after, "evicted": sorted(evicted)}


def unexplained(before, firsts, companions, most):
    """Outcomes of stopping a call in the middle that the same calls in turn, in whatever order, never have.

    Each of ``firsts`` is stopped at every one of its steps (at most about ``most``) while others are called.
    """
    found = []
    with ThreadPoolExecutor(1) as thread:
        for first, others in itertools.product(firsts, companions):
            known = [in_turn(before, first, others, place) for place in range(len(others) + 1)]
            steps, seen = with_one_stopped(thread, before, first, others, -1)
            for at in range(-1, steps, 1 + steps // most):
                _, seen = with_one_stopped(thread, before, first, others, at)
                if seen not in known:
                    known.append(seen)
                    found.append({**seen, "calls": [first, others]})
    return found


# Many threads at once.


class Interruption:
    """Makes threads give way to each other between the submission's steps and in the middle of its look-ups."""

    def __enter__(self):
        self.interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        threading.settrace(self.enter_frame)
        self.on = True

    def __exit__(self, *error):
        self.on = False
        threading.settrace(None)
        sys.setswitchinterval(self.interval)

    def enter_frame(self, frame, event, argument):
        if not is_submission(frame):
            return None
        frame.f_trace, frame.f_trace_opcodes = self.step, random.random() < 0.5
        return self.step

    def step(self, frame, event, argument):
        self.give_way()
        return self.step

    def give_way(self):
        if self.on and (dice := random.random()) < 0.055:
            time.sleep(0.0001 if dice < 0.005 else 0)


class Key:
    """A key whose hash and comparison may give way to another thread."""

    def __init__(self, name, interruption):
        self.name = name
        self.interruption = interruption

    def __hash__(self):
        self.interruption.give_way()
        return hash(self.name)

    def __eq__(self, other):
        self.interruption.give_way()
        return isinstance(other, Key) and self.name == other.name

    def __repr__(self):
        return f"Key{self.name}"


class Hammer:
    """Threads that put keys of their own once each, read each other's, and all put a few shared keys."""

    def __init__(self, threads, rounds, capacity, seed):
        random.seed(seed)
        self.seed, self.threads, self.rounds = seed, threads, rounds
        self.interruption, self.clock = Interruption(), Clock()
        self.evicted, self.errors, self.strange, self.sizes, self.reads = [], [], [], [], []
        self.for_ever = []  # keys of their own that were put without a time to live
        self.interruption.on = False
        self.cache = lru_cache.LRUCache(capacity, clock=self.clock, on_evict=self.on_evict)
        names = [(thread, number) for thread in range(threads) for number in range(rounds)]
        names += [("shared", number) for number in range(4)]
        self.keys = {name: Key(name, self.interruption) for name in names}

    def on_evict(self, key, value):
        self.evicted.append(list(key.name))

    def work(self, thread):
        dice = random.Random(self.seed * 1000 + thread)
        for number in range(self.rounds):
            try:
                self.one_round(dice, thread, number)
            except Exception as error:  # noqa: BLE001 (whatever the submission raises is what is observed)
                self.errors.append(f"{type(error).__name__}: {error}")

    def one_round(self, dice, thread, number):
        shared = ("shared", dice.randrange(4))
        anybody = (dice.randrange(self.threads), max(0, number - dice.randrange(2)))
        life = dice.choice((None, None, 10))
        if life is None:
            self.for_ever.append([thread, number])
        self.cache.put(self.keys[thread, number], [thread, number], ttl_s=life)
        if dice.random() < 0.4:
            self.cache.put(self.keys[shared], ["shared", number])
        for name in (shared, anybody):
            self.reads.append(name)
            value = self.cache.get(self.keys[name], MISSING)
            if value not in (MISSING, None) and value[0] != name[0]:
                self.strange.append([list(name), value])
        self.sizes.append(len(self.cache))
        self.sizes.append(len(self.cache.items()))

    def run(self, patience_s):
        self.clock.tick()
        with self.interruption:
            pool = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(self.threads)]
            for thread in pool:
                thread.start()
            end = time.monotonic() + patience_s
            for thread in pool:
                thread.join(max(0.0, end - time.monotonic()))
        self.clock.stop()
        return sum(thread.is_alive() for thread in pool)


def hammer(threads, rounds, capacity, seed, patience_s):
    """What many threads in each other's way did to one cache, and whether its parts agree afterwards."""
    job = Hammer(threads, rounds, capacity, seed)
    seen = {"stuck": job.run(patience_s), "errors": job.errors, "strange": job.strange}
    if seen["stuck"] or seen["errors"]:
        return seen
    cache, stats = job.cache, job.cache.stats()
    left = [key for key, _ in cache.items()]
    names = [list(key.name) for key in left]
    seen |= {"largest": max(job.sizes), "reads": len(job.reads), "hits": stats["hits"], "misses": stats["misses"]}
    seen |= {"left": names, "length": len(cache), "evicted": list(job.evicted), "for_ever": job.for_ever}
    seen["found"] = [list(key.name) for key in left if cache.get(key, MISSING) != MISSING]
    seen["held"] = [list(key.name) for key in left if key in cache]
    fresh = lru_cache.LRUCache(capacity)
    for number in range(3 * capacity):
        cache.put(Key(("new", number), job.interruption), number)
        fresh.put(number, number)
    seen["refilled"] = [len(cache), len({key.name for key, _ in cache.items()})]
    seen["room"] = [len(fresh), len(fresh)]
    return seen


# A callback that uses the cache.


def callback_uses_cache(patience_s):
    """Fill a cache of two; ``on_evict`` reads it, lets another thread read it, and puts once more itself."""
    seen = {"calls": [], "threads": [], "inside": None, "other_thread": None}

    def other_thread():
        seen["other_thread"] = cache.get("c")

    def on_evict(key, value):
        seen["calls"].append([key, value])
        seen["threads"].append(threading.get_ident())
        if key == "a":
            seen["inside"] = cache.items()
            helper = threading.Thread(target=other_thread, daemon=True)
            helper.start()
            helper.join()
            cache.put("d", 4)
            seen["nested"] = cache.items()

    def work():
        seen["caller"] = threading.get_ident()
        for number, key in enumerate("abc", 1):
            cache.put(key, number)
        seen["returned"] = True

    cache = lru_cache.LRUCache(2, on_evict=on_evict)
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(patience_s)
    caller = seen.pop("caller")
    seen["threads"] = [ident == caller for ident in seen["threads"]]
    return dict(seen)


# Many operations in a row: their cost is measured from outside. Each returns how many did what they should.


def fill(size):
    """Make a cache that is full and has evicted three fifths as many entries as it holds."""
    gc.disable()  # its runs over all objects would blur the comparison
    if size not in caches:
        cache = caches[size] = lru_cache.LRUCache(size)
        for number in range(size + size * 3 // 5):
            cache.put(number, number)


def read(size, operations):
    """Read and look for keys all over the cache."""
    cache, first = caches[size], size * 3 // 5
    keys = (first + number * 7919 % size for number in range(operations))
    return sum(cache.get(key) == key and key in cache for key in keys)


def evict(size, operations):
    """Put new keys, each of which evicts an entry."""
    cache = caches[size]
    before = cache.stats()["evictions"]
    for key in range(10 * size, 10 * size + operations):
        cache.put(key, key)
    return cache.stats()["evictions"] - before if len(cache) == size else 0


def fill_with_lives(size):
    """Make a cache whose entries expire one by one: with each put one second passes."""
    gc.disable()
    caches["lives", size] = lru_cache.LRUCache(size, clock=(clock := Clock())), clock, random.Random(size)
    put_with_lives(size, size + size // 2)


def put_with_lives(size, operations):
    """Put new keys that live for a random time, about as long as the cache takes to fill."""
    cache, clock, dice = caches["lives", size]
    before = accounted(cache)
    for _ in range(operations):
        clock.now += 1
        cache.put(clock.now, "value", ttl_s=1 + dice.randrange(2 * size))
    return accounted(cache) - before


def accounted(cache):
    stats = cache.stats()
    return stats["evictions"] + stats["expirations"] + len(cache)


def growth(capacity, puts, keys, ttl_s):
    """How many more blocks of memory the process holds after many puts than after the first thousand."""
    clock = Clock()
    cache = lru_cache.LRUCache(capacity, clock=clock)

    def put(first, last):
        for number in range(first, last):
            clock.now += 1
            cache.put(number % keys, "value", ttl_s=ttl_s)
        gc.collect()
        return sys.getallocatedblocks()

    before = put(0, 1_000)
    return put(1_000, 1_000 + puts) - before, len(cache)
