"""The algorithms as pure functions on immutable states, in exact fractions; one shell keeps the states.

A function takes (rules, state, now, cost) and gives (new state, left before, wait): wait is None when the
cost may be spent. The shell is a dict in order of last use, so that idle keys stand at its front.
"""

import math
import threading
import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from fractions import Fraction


class Decision:
    def __init__(self, allowed, remaining, retry_after_s):
        self.allowed = allowed
        self.remaining = remaining
        self.retry_after_s = retry_after_s

    def __repr__(self):
        return f"Decision({self.allowed}, {self.remaining}, {self.retry_after_s})"


def token_bucket(rules, state, now, cost):
    tokens, at = state or (rules.capacity, now)
    rate = rules.capacity / rules.period
    tokens = min(Fraction(rules.capacity), tokens + (now - at) * rate)
    if cost <= tokens:
        return (tokens - cost, now), math.floor(tokens), None
    return (tokens, now), math.floor(tokens), (cost - tokens) / rate


class History:
    """Times of leaving and running totals, side by side, so that both questions are one bisection."""

    def __init__(self):
        self.leaves, self.totals = [], [0]

    def trim(self, now):
        gone = bisect_right(self.leaves, now)
        if gone > 64 and gone > len(self.leaves) // 2:
            del self.leaves[:gone], self.totals[:gone]
            gone = 0
        return gone


def sliding_window(rules, history, now, cost):
    history = history or History()
    gone = history.trim(now)
    left = rules.capacity - (history.totals[-1] - history.totals[gone])
    if cost <= left:
        history.leaves.append(now + rules.period)
        history.totals.append(history.totals[-1] + cost)
        return history, left, None
    entry = bisect_left(history.totals, history.totals[gone] + cost - left)
    if entry > len(history.leaves):
        return history, left, math.inf
    return history, left, history.leaves[entry - 1] - now


def fixed_window(rules, state, now, cost):
    number = now // rules.period
    spent = state[1] if state and state[0] == number else 0
    left = rules.capacity - spent
    if cost <= left:
        return (number, spent + cost), left, None
    return (number, spent), left, (number + 1) * rules.period - now


class Shell:
    def __init__(self, decide, capacity, period, clock):
        self.decide = decide
        self.capacity = capacity
        self.period = period
        self.clock = clock
        self.latest = Fraction(0)
        self.states = OrderedDict()
        self.guard = threading.Lock()

    def allow(self, key, cost=1):
        if cost < 1:
            raise ValueError("a request costs at least 1")
        self.guard.acquire()
        try:
            self.latest = now = max(self.latest, Fraction(self.clock()))
            state, _ = self.states.pop(key, (None, None))
            state, left, wait = self.decide(self, state, now, cost)
            self.states[key] = state, now
            self.drop_idle(now)
        finally:
            self.guard.release()
        if wait is None:
            return Decision(True, left - cost, 0)
        return Decision(False, left, math.inf if cost > self.capacity else float(wait))

    def drop_idle(self, now):
        while self.states:
            oldest = next(iter(self.states))
            if now - self.states[oldest][1] < self.period:
                return
            del self.states[oldest]

    def tracked_keys(self):
        with self.guard:
            return len(self.states)


def checked(count, seconds_or_rate):
    if count < 1:
        raise ValueError("the limit must be at least 1")
    if not 0 < seconds_or_rate < math.inf:
        raise ValueError("the rate or window must be positive and finite")
    return count, Fraction(seconds_or_rate)


class TokenBucket(Shell):
    def __init__(self, rate_per_s, burst, clock=time.monotonic):
        burst, rate = checked(burst, rate_per_s)
        super().__init__(token_bucket, burst, burst / rate, clock)


class SlidingWindow(Shell):
    def __init__(self, limit, window_s, clock=time.monotonic):
        super().__init__(sliding_window, *checked(limit, window_s), clock)


class FixedWindow(Shell):
    def __init__(self, limit, window_s, clock=time.monotonic):
        super().__init__(fixed_window, *checked(limit, window_s), clock)
