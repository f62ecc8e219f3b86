"""Reference: a sorted set."""

import redis


class Tally:
    def __init__(self, url):
        self._redis = redis.Redis.from_url(url, decode_responses=True)

    def add(self, name):
        return int(self._redis.zincrby("tally", 1, name))

    def top(self, count):
        return self._redis.zrevrange("tally", 0, count - 1)

    def clear(self):
        self._redis.delete("tally")
