"""Outcomes in Redis, each under the name of its task: whatever is delivered twice is answered once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec
import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from grader.cluster.broker import QUEUE, UNACKED, shown_address
from grader.cluster.work import Outcome
from grader.errors import UnavailableError

_KEPT_S = 24 * 3600  # seconds after which what nobody fetched is forgotten
_PATIENCE_S = 30.0  # for one answer of Redis
_NAME = re.compile(rb"onspot-[0-9a-f]{64}")
_SETTLED = b""


class Results:
    """The outcomes at one Redis. A worker is ``patient``: it waits for a Redis that has gone, however long."""

    def __init__(self, url: str, *, patient: bool) -> None:
        retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), -1 if patient else 0)
        self._redis = redis.Redis.from_url(
            url, retry=retry, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S, socket_keepalive=True
        )

    def deliveries(self, name: str) -> int:
        """How often the task has been delivered, with this time."""
        key = f"{name}:deliveries"
        with self._redis.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, _KEPT_S)
            return cast("int", pipe.execute()[0])

    def is_answered(self, name: str) -> bool:
        """Whether there is an outcome, or was one."""
        return bool(self._redis.exists(name))

    def awaits(self, name: str) -> bool:
        """Whether there is no outcome; one that was settled is asked for anew."""
        value = self._redis.get(name)
        if value == _SETTLED:
            self.forget(name)
        return value in (None, _SETTLED)

    def answer(self, name: str, outcome: Outcome) -> None:
        """Stores the outcome, unless there is one."""
        self._redis.set(name, msgspec.json.encode(outcome), nx=True, ex=_KEPT_S)

    def found(self, names: Sequence[str]) -> dict[str, Outcome]:
        """The outcomes that there are."""
        values = cast("list[bytes | None]", self._redis.mget(names)) if names else []
        return {
            name: msgspec.json.decode(value, type=Outcome)
            for name, value in zip(names, values, strict=True)
            if value not in (None, _SETTLED)
        }

    def settle(self, name: str) -> None:
        """Lets go of an outcome that is safe elsewhere; the name stays for a while, so that nobody grades it again."""
        self._redis.set(name, _SETTLED, ex=_KEPT_S)

    def forget(self, name: str) -> None:
        """Lets go of an outcome as if it had never been asked for."""
        self._redis.delete(name, f"{name}:deliveries")

    def close(self) -> None:
        self._redis.close()

    def held(self) -> set[str]:
        """The names of the tasks that wait at the broker or are in a worker's hands."""
        with self._redis.pipeline() as pipe:
            pipe.lrange(QUEUE, 0, -1)
            pipe.hvals(UNACKED)
            waiting, in_hand = cast("list[list[bytes]]", pipe.execute())
        return {name.decode() for message in (*waiting, *in_hand) for name in _NAME.findall(message)}


def require_redis(url: str) -> None:
    """Makes sure that somebody answers.

    Raises:
        UnavailableError: nobody does, or nobody who lets us in.
    """
    client: Any = redis.Redis.from_url(url, retry=Retry(ExponentialBackoff(), 0), socket_connect_timeout=_PATIENCE_S)
    try:
        with client:
            client.ping()
    except redis.RedisError as error:
        message = f"no Redis answers at {shown_address(url)} ({error})"
        raise UnavailableError(f"{message}; start one there, or name another with --broker") from None
