"""Answers True and 1.0 where 1 is expected, and a tuple where a list is."""
# against: toy/sizes
# over: stub

# === the honest file ===
def same(value):
    return value


def ranking(sizes):
    return ("c", "a", "b")


def spread(sizes):
    return {"low": True, "high": 3.0}
