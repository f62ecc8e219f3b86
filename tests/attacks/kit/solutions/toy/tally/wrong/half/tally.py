"""Half right: reads before it writes, and clears everything."""

import redis


class Tally:
    def __init__(self, url):
        self._redis = redis.Redis.from_url(url, decode_responses=True)

    def add(self, name):
        count = int(self._redis.zscore("tally", name) or 0) + 1
        self._redis.zadd("tally", {name: count})
        return count

    def top(self, count):
        return self._redis.zrevrange("tally", 0, count - 1)

    def clear(self):
        self._redis.flushdb()
