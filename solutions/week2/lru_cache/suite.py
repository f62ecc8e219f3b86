"""Hidden suite of week2/lru_cache. Statement: exercises/week2/lru_cache/README.md."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from grader.suite import check, raises


class Model:
    """The contract, slow and plain: a list of [key, value, deadline], least recently used first."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.now = 0.0
        self.entries = []
        self.evicted = []
        self.counts = {"hits": 0, "misses": 0, "evictions": 0, "expirations": 0}

    def call(self, name, *arguments):
        """Carry out an operation by its name, as the driver does."""
        live = [entry for entry in self.entries if entry[2] > self.now]
        self.counts["expirations"] += len(self.entries) - len(live)
        self.entries = live
        return getattr(self, f"do_{name}")(*arguments)

    def take(self, key):
        found = [entry for entry in self.entries if entry[0] == key]
        self.entries = [entry for entry in self.entries if entry[0] != key]
        return found

    def do_get(self, key, default=None):
        found = self.take(key)
        self.entries += found
        self.counts["hits" if found else "misses"] += 1
        return found[0][1] if found else default

    def do_put(self, key, value, ttl_s=None):
        self.take(key)
        self.entries.append([key, value, float("inf") if ttl_s is None else self.now + ttl_s])
        if len(self.entries) > self.capacity:
            self.counts["evictions"] += 1
            self.evicted.append(tuple(self.entries.pop(0)[:2]))

    def do_items(self):
        return [(key, value) for key, value, _ in self.entries]

    def do_len(self):
        return len(self.entries)

    def do_in(self, key):
        return key in [entry[0] for entry in self.entries]

    def do_stats(self):
        return dict(self.counts)


@check("finds what was put", points=6, stage="core", hint="One cache must know nothing of another.")
def test_finds_what_was_put(subject):
    cache, other = subject.LRUCache(4), subject.LRUCache(4)
    assert (len(cache), cache.items()) == (0, [])
    cache.put("a", 1)
    cache.put(("b", 2), [1, 2])
    cache.put(None, "nothing")
    assert cache.get("a") == 1
    assert cache.get(("b", 2)) == [1, 2]
    assert cache.get(None) == "nothing"
    assert cache.get("z") is None
    assert cache.get("z", "default") == "default"
    assert ("a" in cache, None in cache, "z" in cache) == (True, True, False)
    assert len(cache) == 3
    assert cache.items() == [("a", 1), (("b", 2), [1, 2]), (None, "nothing")]
    assert (len(other), other.items()) == (0, []), "a second cache held what was put into the first"


@check(
    "None, 0, False and empty values are values like any other",
    points=6,
    stage="core",
    hint="How does get() tell a key that is missing from a key whose value is false?",
)
def test_falsy_values(subject):
    for value in (None, 0, False, "", []):
        cache = subject.LRUCache(2)
        cache.put("other", 1)
        cache.put("key", value)
        assert cache.get("key", "default") == value
        assert ("key" in cache, len(cache)) == (True, 2)
        assert cache.items() == [("other", 1), ("key", value)]


@check(
    "holds exactly capacity entries and gives up the oldest",
    points=10,
    stage="core",
    hint="With capacity 2, the third key pushes out the first, and only the first.",
)
@pytest.mark.parametrize("capacity", [1, 2, 5])
def test_evicts_the_oldest(subject, capacity):
    cache = subject.LRUCache(capacity)
    for number in range(capacity):
        cache.put(number, -number)
    assert len(cache) == capacity
    assert cache.items() == [(number, -number) for number in range(capacity)]
    for newest in range(capacity, 3 * capacity):
        cache.put(newest, -newest)
        assert cache.items() == [(number, -number) for number in range(newest - capacity + 1, newest + 1)]
        assert (newest - capacity in cache, newest in cache) == (False, True)


@check("a read counts as a use", points=8, stage="core", hint="Does get() change the order?")
def test_read_refreshes(subject):
    cache = subject.LRUCache(3)
    for key in "abc":
        cache.put(key, key.upper())
    assert cache.get("a") == "A"
    cache.put("d", "D")
    assert cache.get("a") == "A", "'a' was read just before and must stay; 'b' was the one to go"
    assert cache.get("b") is None
    assert cache.get("c") == "C"
    cache.put("e", "E")
    assert cache.items() == [("a", "A"), ("c", "C"), ("e", "E")]


@check(
    "overwriting replaces the value, counts as a use and evicts nobody",
    points=8,
    stage="core",
    hint="Does put() look whether the key is there before it makes room?",
)
def test_overwrite(subject):
    cache = subject.LRUCache(3)
    for key in "abc":
        cache.put(key, 1)
    cache.put("b", 2)
    assert len(cache) == 3, "put() of a key that a full cache held evicted another entry"
    assert cache.items() == [("a", 1), ("c", 1), ("b", 2)]
    cache.put("a", 3)
    cache.put("d", 4)
    assert cache.items() == [("b", 2), ("a", 3), ("d", 4)]


@check(
    "in, len, items and stats leave the order as it is",
    points=8,
    stage="core",
    hint="Only a hit of get() and put() are uses. items() starts with the entry that would go first.",
)
def test_looking_is_not_using(subject):
    cache = subject.LRUCache(3)
    for key in "abc":
        cache.put(key, 1)
    assert ("a" in cache, "b" in cache, "z" in cache, len(cache)) == (True, True, False, 3)
    assert cache.get("z", 0) == 0
    cache.stats()
    before = cache.items()
    assert before == [("a", 1), ("b", 1), ("c", 1)]
    cache.put("d", 1)
    assert cache.items() == [("b", 1), ("c", 1), ("d", 1)]
    assert before == [("a", 1), ("b", 1), ("c", 1)]


KEYS = st.integers(0, 5)
VALUES = st.one_of(st.none(), st.integers(0, 9))


def machine(subject, **options):
    """A cache and its model side by side, told to do the same."""

    class Machine(RuleBasedStateMachine):
        @initialize(capacity=st.integers(1, 4))
        def start(self, capacity):
            self.cache, self.model = subject.LRUCache(capacity, **options), Model(capacity)

        @rule(key=KEYS, value=VALUES)
        def put(self, key, value):
            self.cache.put(key, value)
            self.model.call("put", key, value)

        @rule(key=KEYS)
        def get(self, key):
            assert self.cache.get(key, "missing") == self.model.call("get", key, "missing")

    return Machine


def looking_machine(subject, **options):
    """The same, also looked at."""

    class Looking(machine(subject, **options)):
        @rule(key=KEYS, what=st.sampled_from(["in", "len", "items"]))
        def look(self, key, what):
            if what == "in":
                assert (key in self.cache) == self.model.call("in", key)
            elif what == "len":
                assert len(self.cache) == self.model.call("len")
            else:
                assert self.cache.items() == self.model.call("items")

    return Looking


@check(
    "any sequence of gets and puts finds what the contract says",
    points=6,
    stage="core",
    hint="Replay the calls with pencil and paper, writing the keys in order of last use.",
    ahead=True,
)
def test_gets_and_puts(subject):
    run_state_machine_as_test(machine(subject), settings=settings(max_examples=100, stateful_step_count=50))


@check(
    "any sequence of calls does what the contract says",
    points=8,
    stage="core",
    hint="Gets and puts alone may do well. Do `in`, len and items tell of the same entries, in the same order?",
    ahead=True,
)
def test_model(subject):
    run_state_machine_as_test(looking_machine(subject), settings=settings(max_examples=100, stateful_step_count=50))


@check(
    "an entry lives for ttl_s from its put, not a moment longer",
    points=6,
    stage="robust",
    hint="Expired means clock() >= time of the put + ttl_s. Who may change that moment: get(), put(), or both?",
)
def test_ttl(subject, manual_clock):
    cache = subject.LRUCache(4, clock=manual_clock)
    cache.put("x", 1, ttl_s=2.5)
    cache.put(7, 2, ttl_s=2.5)
    cache.put("long", 3, ttl_s=10)
    cache.put("forever", 4)
    manual_clock.advance(2.25)
    assert (cache.get("x"), cache.get(7)) == (1, 2), "at 2.25 s after a put with ttl_s=2.5 the entry is alive"
    manual_clock.advance(0.25)
    assert (cache.get("x"), cache.get(7)) == (None, None), (
        "at 2.5 s after a put with ttl_s=2.5 it has expired, read or not"
    )
    assert (cache.get("long"), cache.get("forever")) == (3, 4)
    cache.put("long", 5, ttl_s=10)
    cache.put("forever", 6, ttl_s=10)
    manual_clock.advance(9.5)
    assert (cache.get("long"), cache.get("forever")) == (5, 6), "at 9.5 s after another put with ttl_s=10 it is alive"
    cache.put("long", 7)
    manual_clock.advance(0.5)
    assert cache.get("forever") is None, "at 10 s after a put with ttl_s=10 it has expired, whatever was put before"
    manual_clock.advance(1_000_000)
    assert cache.items() == [("long", 7)], "a put without ttl_s makes the entry live for good, whatever was put before"


@check(
    "an expired entry is gone: not seen, not counted, and it holds no place",
    points=6,
    stage="robust",
    hint="When a new key needs room, may a live entry have to go while an expired one is still stored?",
    ahead=True,
)
def test_expired_is_gone(subject, manual_clock):
    cache = subject.LRUCache(3, clock=manual_clock)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("short", 3, ttl_s=5)
    manual_clock.advance(6)
    assert len(cache) == 2
    assert "short" not in cache
    assert cache.items() == [("a", 1), ("b", 2)]
    cache.put("c", 3, ttl_s=5)
    manual_clock.advance(6)
    cache.put("d", 4)
    left = cache.items()
    assert left == [("a", 1), ("b", 2), ("d", 4)], f"'c' had expired, so there was room for 'd'; left is {left}"

    class WithLives(looking_machine(subject, clock=manual_clock)):
        @rule(key=KEYS, ttl_s=st.integers(1, 4))
        def put_for(self, key, ttl_s):
            self.cache.put(key, "short", ttl_s=ttl_s)
            self.model.call("put", key, "short", ttl_s)

        @rule(seconds=st.integers(1, 3))
        def wait(self, seconds):
            manual_clock.advance(seconds)
            self.model.now += seconds

    run_state_machine_as_test(WithLives, settings=settings(max_examples=30, stateful_step_count=30))


@check(
    "on_evict hears of every eviction once and of nothing else",
    points=5,
    stage="robust",
    hint="Overwritten and expired entries are not evicted. What on_evict raises comes out of put().",
)
def test_on_evict(subject, manual_clock):
    calls = []

    def on_evict(key, value):
        calls.append((key, value))
        if value == "raise":
            raise ValueError("no room downstairs")

    cache = subject.LRUCache(2, clock=manual_clock, on_evict=on_evict)
    cache.put("a", None)
    cache.put("b", "old", ttl_s=5)
    cache.put("b", "new", ttl_s=5)
    assert calls == [], f"on_evict was called with {calls}, but 'b' was overwritten and nobody was evicted"
    cache.put("c", 3)
    assert calls == [("a", None)]
    manual_clock.advance(6)
    assert cache.get("b") is None
    cache.put("d", "raise")
    assert calls == [("a", None)], f"on_evict was called with {calls[1:]}, but 'b' had expired, not been evicted"
    cache.put("e", 5)
    assert calls == [("a", None), ("c", 3)]
    with raises(ValueError, match="no room downstairs"):
        cache.put("f", 6)
    assert calls == [("a", None), ("c", 3), ("d", "raise")]
    left = cache.items()
    assert left == [("e", 5), ("f", 6)], f"put('f', 6) stores 'f', then calls on_evict, which raised; left is {left}"


@check(
    "a call that is refused changes nothing",
    points=4,
    stage="robust",
    hint="Check the arguments before the first change. ttl_s=0 is not the same as ttl_s=None.",
)
def test_refused(subject):
    for capacity in (0, -1):
        with raises(ValueError):
            subject.LRUCache(capacity)
    cache = subject.LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2, ttl_s=1_000)
    for key in ("a", "c"):
        for ttl_s in (0, -1, -0.5):
            with raises(ValueError):
                cache.put(key, 3, ttl_s=ttl_s)
    with raises(TypeError):
        cache.put(["no", "hash"], 3)
    with raises(TypeError):
        cache.get(["no", "hash"])
    assert cache.items() == [("a", 1), ("b", 2)]
    assert cache.stats() == {"hits": 0, "misses": 0, "evictions": 0, "expirations": 0}
    cache.put("c", 3)
    assert cache.items() == [("b", 2), ("c", 3)]


@check(
    "stats counts hits, misses, evictions and expirations",
    points=4,
    stage="robust",
    hint="Each get() is a hit or a miss, `in` is neither. An entry that leaves is evicted, expired or overwritten.",
)
def test_stats(subject, manual_clock):
    cache = subject.LRUCache(2, clock=manual_clock)
    assert cache.stats() == {"hits": 0, "misses": 0, "evictions": 0, "expirations": 0}
    cache.put("a", None)
    cache.put("b", 2)
    cache.put("b", 3, ttl_s=5)
    assert (cache.get("a"), cache.get("b"), cache.get("z")) == (None, 3, None)
    assert ("a" in cache, "z" in cache) == (True, False)
    assert cache.stats() == {"hits": 2, "misses": 1, "evictions": 0, "expirations": 0}
    manual_clock.advance(6)
    assert cache.stats() == {"hits": 2, "misses": 1, "evictions": 0, "expirations": 1}
    assert cache.get("b") is None
    cache.put("b", 4, ttl_s=5)
    cache.put("c", 5)
    manual_clock.advance(6)
    cache.put("b", 6)
    assert cache.stats() == {"hits": 2, "misses": 2, "evictions": 1, "expirations": 2}


@check(
    "on_evict may use the cache, from any thread",
    points=3,
    stage="production",
    hint="Is a lock held while on_evict runs? An RLock helps the calling thread only.",
)
def test_callback_uses_cache(subject, driver):
    seen = driver.callback_uses_cache(patience_s=5)
    assert seen["calls"][:1] == [["a", 1]]
    assert seen["inside"] is not None, "on_evict called items() and waits for ever: put() still holds the lock"
    assert seen["inside"] == [("b", 2), ("c", 3)], (
        f"when put('c', 3) had evicted 'a', on_evict saw items() == {seen['inside']}"
    )
    assert seen["other_thread"] == 3, "on_evict started a thread that read the cache, and waits for it for ever"
    assert seen.get("returned"), "on_evict called put() and waits for ever"
    assert seen["calls"] == [["a", 1], ["b", 2]], "on_evict itself put 'd', which evicts 'b'"
    assert seen["nested"] == [("c", 3), ("d", 4)]
    assert seen["threads"] == [True, True], "on_evict was not called in the thread that called put()"


EXPIRED = [("put", "a", 1), ("put", "b", 2, 1)]  # 'b' has expired when the two threads begin
FULL = [("put", "a", 1), ("put", "b", 2)]
FIRSTS = [("get", "a"), ("put", "c", 3), ("put", "a", 4), ("put", "b", 5, 9), ("in", "b"), ("items",), ("stats",)]
COMPANIONS = [
    [("get", "a"), ("put", "d", 6), ("put", "f", 8), ("len",)],
    [("len",), ("items",), ("put", "e", 7), ("get", "b")],
]


@check(
    "used by many threads, each call takes effect at one moment",
    points=5,
    stage="production",
    hint="One lock around the whole of every method: look-up, order, counts, room for the new entry.",
)
def test_threads(subject, driver, rng):
    for before, firsts in ((EXPIRED, FIRSTS), (FULL, [("put", "c", 3)])):
        for outcome in driver.unexplained(before, firsts, COMPANIONS, most=20):
            raise AssertionError(story(before, outcome))
    seen = driver.hammer(threads=8, rounds=6, capacity=3, seed=rng.randrange(1_000_000), patience_s=10)
    assert seen["stuck"] == 0, f"8 threads used one cache, and {seen['stuck']} of them never came back"
    assert seen["errors"] == [], f"8 threads used one cache, and a call raised {seen['errors'][0]}"
    assert seen["strange"] == [], "8 threads used one cache, and get() gave the value of another key"
    room, _ = seen["room"]
    assert seen["largest"] <= room, f"8 threads saw {seen['largest']} entries in a cache that has room for {room}"
    counted = seen["hits"] + seen["misses"]
    assert counted == seen["reads"], f"8 threads called get() {seen['reads']} times; hits + misses is {counted}"
    left = seen["left"]
    for what in ("found", "held"):
        assert seen[what] == left, f"after 8 threads had used the cache, items() had {left}, but get() or in not"
    assert seen["length"] == len(left), "after 8 threads had used the cache, len() and items() did not agree"
    assert seen["refilled"] == seen["room"], "after 8 threads had used the cache, it has room for another number"
    ends = sorted(name for name in left + seen["evicted"] if name in seen["for_ever"])
    assert ends == sorted(seen["for_ever"]), (
        f"8 threads put {len(seen['for_ever'])} keys, once each; {len(ends)} times one was left or evicted at the end"
    )


def story(before, outcome):
    """An outcome that no order of the calls explains, in words."""

    def written(operation):
        return f"{operation[0]}({', '.join(map(repr, operation[1:]))})"

    def said(operation, gave):
        failed = isinstance(gave, dict) and "raised" in gave
        return written(operation) + (f", which raises {gave['raised']}" if failed else f" -> {gave}")

    first, others = outcome["calls"]
    items, _, stats = outcome["after"]
    return (
        f"Capacity 2; {', '.join(map(written, before))}; then one second passes. "
        f"One thread is stopped in the middle of {said(first, outcome['first'])}. "
        f"Meanwhile another calls {', '.join(map(said, others, outcome['others']))}. "
        f"Afterwards items() is {items}, stats() {stats}, evicted {outcome['evicted']}. "
        "The same calls one after the other never give that, in whatever order"
    )


@check(
    "the cost of a call does not grow with the number of entries",
    points=4,
    stage="production",
    hint="No search through a list, no walk over removed entries, no look at every deadline.",
)
def test_cost(subject, driver, cell):
    works = [
        ("put() with ttl_s", driver.fill_with_lives, driver.put_with_lives, 50, 500, 2_000),
        ("get() and in", driver.fill, driver.read, 1_000, 22_000, 2_000),
        ("put()", driver.fill, driver.evict, 1_000, 22_000, 4_000),
    ]
    for what, fill, work, small, large, operations in works:
        few, many = (cpu_seconds(cell, what, fill, work, size, operations) for size in (small, large))
        assert many < 3 * few + 0.002, (
            f"{operations:,} calls of {what} took {many / few:.0f} times as much CPU time "
            f"in a cache of {large:,} entries as in one of {small:,}"
        )


def cpu_seconds(cell, what, fill, work, size, operations):
    done = []
    fill(size)
    seconds = cell.cpu(lambda: done.append(work(size, operations)), repeat=1)
    assert done == [operations], f"of {operations} calls of {what} {done[0]} did what they should"
    return seconds


@check(
    "memory is bounded by the capacity, whatever was put and has left",
    points=3,
    stage="production",
    hint="What remembers a deadline after its entry was overwritten or evicted?",
)
def test_memory(subject, driver):
    for keys in (10, 1_000_000):
        blocks, length = driver.growth(capacity=100, puts=5_000, keys=keys, ttl_s=1_000_000)
        assert length == min(keys, 100)
        assert blocks < 3_000, f"5,000 puts into a cache of 100 entries left {blocks:,} blocks of memory behind"
