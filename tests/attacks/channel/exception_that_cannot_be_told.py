"""Raises an exception whose text, arguments, cause and class all raise when they are looked at."""
# against: toy/sizes
# expect: test_ranking error/crashed


class Meta(type):
    def mro(cls):
        return super().mro()

    def __getattribute__(cls, name):
        if name in ("__name__", "__module__", "__qualname__"):
            raise SystemExit
        return super().__getattribute__(name)


class Untold(Exception, metaclass=Meta):
    __str__ = __repr__ = __format__ = lambda self: 1 / 0
    args = property(lambda self: exit())
    __cause__ = __context__ = property(lambda self: exit())


# === the honest file ===
def ranking(sizes):
    raise Untold
