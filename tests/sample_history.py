"""A learner's history made by hand: weeks of work on three exercises, one of them passed, and a mock."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from grader.history import SOLUTION, Attempt, Drill, Opened, Record, stand, topic_scores
from grader.model import CellNeeds, CheckResult, Exercise, Limits, Status, Verdict
from tests.sample_reports import ATTACK, PARTIAL, PASSED

START = dt.datetime(2026, 9, 1, 8, tzinfo=dt.UTC)


def exercise(name: str, title: str, *topics: str) -> Exercise:
    """An exercise that lies nowhere."""
    here = Path("nowhere")
    return Exercise(name, title, "1", 30, "medium", topics, "", (), CellNeeds(), Limits(), here, here)


POOLS = exercise("week1/pools", "Worker pools", "threads", "processes")
FAN_OUT = exercise("week1/async_fan_out", "Fan out", "asyncio")
LRU_CACHE = exercise("week2/lru_cache", "LRU cache", "caching", "threads")
REDIS = exercise("week2/redis_rate_limiter", "A rate limiter for many processes", "redis")
EXERCISES = (POOLS, FAN_OUT, LRU_CACHE, REDIS)

_SCORES = {POOLS: (0, 12, 20, 33.33), LRU_CACHE: (40, 70, 100, 92), FAN_OUT: (25,)}


def _attempts() -> list[Attempt]:
    attempts: list[Attempt] = []
    for hours, (owner, score) in enumerate((owner, score) for owner, scores in _SCORES.items() for score in scores):
        status = Status.PASSED if score == 100 else Status.PARTIAL if score else Status.FAILED
        at = START + dt.timedelta(hours=17 * hours)
        attempts.append(Attempt(len(attempts), at, owner.name, str(hours), status, float(score)))
    drilled = replace(attempts[-1], id=len(attempts), at=attempts[-1].at + dt.timedelta(days=3), drill=1, score=60.0)
    return [*attempts, drilled]


ATTEMPTS = _attempts()
OPENED = (
    Opened(POOLS.name, "hint 1", ATTEMPTS[1].at, "0"),
    Opened(LRU_CACHE.name, SOLUTION, ATTEMPTS[4].at, "4"),
)


def lost(results: tuple[CheckResult, ...]) -> list[CheckResult]:
    return [result for result in results if result.verdict is not Verdict.PASSED]


#: What a page is made of; the second exercise was attacked by somebody who wanted the page to do something.
RECORD = Record(
    standings=stand(EXERCISES, ATTEMPTS, OPENED),
    attempts=ATTEMPTS,
    topics=topic_scores(EXERCISES, {POOLS.name: PARTIAL.checks, LRU_CACHE.name: PASSED.checks}),
    drills=[
        Drill(1, 7, 60, (FAN_OUT.name, POOLS.name), "x", START, START + dt.timedelta(hours=1), 60.0, 420.0),
        Drill(2, 8, 90, (POOLS.name,), "y", START + dt.timedelta(days=30)),
    ],
    lost=[(ATTEMPTS[3], lost(PARTIAL.checks)), (ATTEMPTS[8], lost(ATTACK.checks))],
)

EMPTY = Record(stand(EXERCISES, [], []), [], [], [], [])
