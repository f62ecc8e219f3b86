"""Wrong: answers with an object that claims to equal whatever is expected."""

class Anything(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__

    def __getitem__(self, key):
        return self


class LRUCache:
    def __init__(self, capacity, *, clock=None, on_evict=None):
        pass

    def get(self, key, default=None):
        return Anything()

    def put(self, key, value, ttl_s=None):
        return Anything()

    def items(self):
        return Anything()

    def stats(self):
        return Anything()

    def __len__(self):
        return Anything()

    def __contains__(self, key):
        return Anything()
