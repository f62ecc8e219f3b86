"""Examples for your own work: ``pytest exercises/week2/lru_cache``. The grader checks much more."""

import pytest
from lru_cache import LRUCache


class Clock:
    """A clock that stands still until the test moves it."""

    now = 0.0

    def __call__(self):
        return self.now


def test_gives_back_what_was_put():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", None)
    assert cache.get("a") == 1
    assert cache.get("b", "default") is None
    assert cache.get("c", "default") == "default"
    assert len(cache) == 2
    assert "b" in cache


def test_full_cache_gives_up_the_least_recently_used_entry():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert cache.items() == [("a", 1), ("c", 3)]


def test_overwriting_evicts_nobody():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("a", 3)
    assert cache.items() == [("b", 2), ("a", 3)]


def test_capacity_must_be_at_least_one():
    with pytest.raises(ValueError):  # noqa: PT011 (the text is yours)
        LRUCache(0)


def test_entry_expires_when_its_time_has_passed():
    clock = Clock()
    cache = LRUCache(2, clock=clock)
    cache.put("a", 1, ttl_s=10)
    clock.now = 9.75
    assert cache.get("a") == 1
    clock.now = 10.0
    assert cache.get("a") is None
    assert len(cache) == 0


def test_on_evict_hears_of_evictions():
    evicted = []
    cache = LRUCache(1, on_evict=lambda key, value: evicted.append((key, value)))
    cache.put("a", 1)
    cache.put("a", 2)
    cache.put("b", 3)
    assert evicted == [("a", 2)]


def test_stats_count_what_happened():
    cache = LRUCache(1)
    cache.put("a", 1)
    cache.get("a")
    cache.get("b")
    cache.put("b", 2)
    assert cache.stats() == {"hits": 1, "misses": 1, "evictions": 1, "expirations": 0}
