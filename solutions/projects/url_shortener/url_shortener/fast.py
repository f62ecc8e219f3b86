"""Redis: everything that may be lost. When it fails or is slow, the answers are those of an empty one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from .store import Link

_LINK_TTL_S = 3600
_MISSING_TTL_S = 30
_TIMEOUT_S = 0.75  # a request meets it twice at most

_log = logging.getLogger(__name__)
_Reply = TypeVar("_Reply")


class Fast:
    """A cache of links and the counters of the rate limit. Every key expires."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )

    def recall(self, code: str) -> tuple[bool, Link | None]:
        """Whether the code is known here, and its link; ``(True, None)`` when it is known not to exist."""
        entry = self._ask(lambda: self._redis.get(f"link:{code}"), None)
        if entry is None:
            return False, None
        return True, Link(**json.loads(entry)) if entry else None

    def learn(self, code: str, link: Link | None) -> None:
        """Keep what SQL said, unless something is known: a link may have been made since SQL was read."""
        self._put(code, link, unless_known=True)

    def announce(self, link: Link) -> None:
        """Keep a link that was just made, over any note that it does not exist."""
        self._put(link.code, link, unless_known=False)

    def _put(self, code: str, link: Link | None, unless_known: bool) -> None:
        entry, ttl_s = (json.dumps(asdict(link)), _LINK_TTL_S) if link else ("", _MISSING_TTL_S)
        self._ask(lambda: self._redis.set(f"link:{code}", entry, ex=ttl_s, nx=unless_known), None)

    def spend(self, client: str, window: int, keep_s: int) -> int:
        """Count a request; how many the client has made in this window, 0 when nobody knows."""
        key = f"rate:{client}:{window}"
        counting = self._redis.pipeline()
        counting.incr(key)
        counting.expire(key, keep_s)
        made, _ = self._ask(counting.execute, [0, False])
        return int(made)

    def answers(self) -> bool:
        return bool(self._ask(self._redis.ping, False))

    def close(self) -> None:
        self._redis.close()

    def _ask(self, command: Callable[[], _Reply], otherwise: _Reply) -> _Reply:
        try:
            return command()
        except (RedisError, OSError) as error:
            _log.warning("Redis: %r", error)
            return otherwise
