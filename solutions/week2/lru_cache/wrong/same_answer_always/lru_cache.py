"""Wrong: does nothing and answers the same whatever was asked."""

class LRUCache:
    def __init__(self, capacity, *, clock=None, on_evict=None):
        pass

    def get(self, key, default=None):
        return default

    def put(self, key, value, ttl_s=None):
        return None

    def items(self):
        return []

    def stats(self):
        return {"hits": 0, "misses": 0, "evictions": 0, "expirations": 0}

    def __len__(self):
        return 0

    def __contains__(self, key):
        return False
