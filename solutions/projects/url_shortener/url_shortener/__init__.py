"""A URL shortener: links and hits in SQL, a cache and the rate counters in Redis.

One rule is behind every decision: what must not be lost is in SQL, what may be lost is in Redis.

    api.py      the routes: what is asked and answered
    rules.py    what may be shortened, and what a code looks like
    store.py    SQL: links, used Idempotency-Keys, hits
    fast.py     Redis: the cache and the rate counters
    visits.py   who came from where, and the dashboard that shows it
"""

from .api import create_app

__all__ = ["create_app"]
