"""Half right: knows no millions, refuses nothing, ranks ties as they come."""

from typing import NamedTuple


class Spread(NamedTuple):
    low: int
    high: int


def parse(text):
    return int(text[:-1]) * 1_000 if text.endswith("k") else int("0" + "".join(c for c in text if c.isdigit()))


def spread(sizes):
    return Spread(min(sizes, default=0), max(sizes, default=0))


def ranking(sizes):
    return sorted(sizes, key=sizes.get, reverse=True)


def same(value):
    return value
