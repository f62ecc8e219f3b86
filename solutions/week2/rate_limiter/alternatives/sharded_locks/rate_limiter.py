"""Sixteen shards, each with its own lock; one shard is swept every 32 calls, whichever keys are asked for.

Each limiter only says how a key's record is made, and records do the work. A record takes a step back in its
stride: time that is negative counts as none.
"""

import itertools
import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

SHARDS = 16
CALLS_PER_SWEEP = 32


@dataclass
class Decision:
    allowed: bool
    remaining: int
    retry_after_s: float


class BucketRecord:
    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.capacity = rate, burst
        self.missing, self.seen = 0.0, 0.0

    def look(self, now: float) -> int:
        self.missing = max(0.0, self.missing - max(0.0, now - self.seen) * self.rate)
        self.seen = now
        return math.floor(self.capacity - self.missing)

    def spend(self, cost: int) -> None:
        self.missing += cost

    def wait(self, cost: int) -> float:
        return (cost - (self.capacity - self.missing)) / self.rate

    def is_idle(self, now: float) -> bool:
        return self.look(now) == self.capacity and not self.missing


class LogRecord:
    """A ring of entries in a list, with a cursor at the oldest one that still counts."""

    def __init__(self, limit: int, window: float) -> None:
        self.capacity, self.window = limit, window
        self.times: list[float] = []
        self.costs: list[int] = []
        self.first, self.spent, self.seen = 0, 0, 0.0

    def look(self, now: float) -> int:
        self.seen = max(self.seen, now)
        while self.first < len(self.times) and self.seen - self.times[self.first] >= self.window:
            self.spent -= self.costs[self.first]
            self.first += 1
        if self.first > 32 and self.first * 2 > len(self.times):
            del self.times[: self.first], self.costs[: self.first]
            self.first = 0
        return self.capacity - self.spent

    def spend(self, cost: int) -> None:
        self.times.append(self.seen)
        self.costs.append(cost)
        self.spent += cost

    def wait(self, cost: int) -> float:
        entry, free = self.first, self.capacity - self.spent
        while free + self.costs[entry] < cost:
            free += self.costs[entry]
            entry += 1
        return self.times[entry] + self.window - self.seen

    def is_idle(self, now: float) -> bool:
        return self.look(now) == self.capacity


class WindowRecord:
    def __init__(self, limit: int, window: float) -> None:
        self.capacity, self.window = limit, window
        self.ends, self.spent, self.seen = 0.0, 0, 0.0

    def look(self, now: float) -> int:
        self.seen = now
        if now >= self.ends:
            self.ends, self.spent = (now // self.window + 1) * self.window, 0
        return self.capacity - self.spent

    def spend(self, cost: int) -> None:
        self.spent += cost

    def wait(self, _cost: int) -> float:
        return self.ends - self.seen

    def is_idle(self, now: float) -> bool:
        return now >= self.ends


class Shard:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.records: dict[Hashable, BucketRecord | LogRecord | WindowRecord] = {}


class Sharded:
    def __init__(self, make_record: Callable[[], BucketRecord | LogRecord | WindowRecord], clock) -> None:
        self.make_record, self.clock = make_record, clock
        self.shards = [Shard() for _ in range(SHARDS)]
        self.calls = itertools.count(1)

    def allow(self, key: Hashable, cost: int = 1) -> Decision:
        if cost < 1:
            raise ValueError(f"cost {cost} is below 1")
        sweep, rest = divmod(next(self.calls), CALLS_PER_SWEEP)
        if rest == 0:
            self.sweep(self.shards[sweep % SHARDS])
        shard = self.shards[hash(key) % SHARDS]
        with shard.lock:
            record = shard.records.get(key)
            if record is None:
                record = shard.records[key] = self.make_record()
            left = record.look(self.clock())
            if cost <= left:
                record.spend(cost)
                return Decision(True, left - cost, 0.0)
            return Decision(False, left, record.wait(cost) if cost <= record.capacity else math.inf)

    def sweep(self, shard: Shard) -> None:
        with shard.lock:
            now = self.clock()
            for key in [key for key, record in shard.records.items() if record.is_idle(now)]:
                del shard.records[key]

    def tracked_keys(self) -> int:
        return sum(len(shard.records) for shard in self.shards)


class TokenBucket(Sharded):
    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        check(burst, rate_per_s)
        super().__init__(lambda: BucketRecord(rate_per_s, burst), clock)


class SlidingWindow(Sharded):
    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        check(limit, window_s)
        super().__init__(lambda: LogRecord(limit, window_s), clock)


class FixedWindow(Sharded):
    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        check(limit, window_s)
        super().__init__(lambda: WindowRecord(limit, window_s), clock)


def check(count: int, number: float) -> None:
    if count < 1 or math.isnan(number) or math.isinf(number) or number <= 0:
        raise ValueError(f"neither {count} nor {number} may be below their least value")
