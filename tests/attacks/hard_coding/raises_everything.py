"""Raises one exception that is of every class a check could expect, whatever is asked."""
# against: toy/sizes


class Every(ValueError, TypeError, LookupError, ArithmeticError, RuntimeError):
    pass


# === the honest file ===
def parse(text):
    raise Every("not a size")


def spread(sizes):
    raise Every("no sizes")


def ranking(sizes):
    raise Every("not a size")
