"""URL shortener: links and hits in SQL, a cache and the rate limit in Redis. The contract is in README.md.

    POST /links                {url, alias?, ttl_s?} -> 201 {code, short_url, url, expires_at}
    GET  /{code}               -> 302 or 307, Cache-Control: no-store; 404; 410 once it has expired
    GET  /links/{code}/stats   -> 200 {code, url, total, by_day, by_referrer, unique_visitors}
    GET  /dashboard            -> 200, HTML
    GET  /healthz, /readyz     -> 200 {status}

Every refusal is {"error": {"code": ..., "message": ...}}. When one file gets too long, make it a package.
"""

import time
from collections.abc import Callable

from fastapi import FastAPI

PUBLIC_URL = "https://short.example"  # short_url is this, a slash and the code
RESERVED = frozenset({"links", "dashboard", "healthz", "readyz", "docs", "redoc"})  # not allowed as aliases
RATE_LIMIT = 20  # links a client may make in each window
RATE_WINDOW_S = 60  # windows begin at the multiples of this, on the clock


def create_app(database_url: str, redis_url: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    """The service, ready for uvicorn.

    ``database_url`` is "sqlite:///" and the path of a file, which may be missing or hold links already.
    ``redis_url`` is for ``redis.Redis.from_url``. ``clock`` gives Unix seconds, the only time for expiry,
    days and the rate limit. What must not be lost is in SQL, what may be lost is in Redis.
    """
    raise NotImplementedError
