"""Reference: sizes such as 3k."""

from typing import NamedTuple

FACTORS = {"k": 1_000, "m": 1_000_000}


class Spread(NamedTuple):
    low: int
    high: int


def parse(text):
    digits, factor = (text[:-1], FACTORS[text[-1:]]) if text[-1:] in FACTORS else (text, 1)
    if not digits.isdecimal():
        raise ValueError(f"not a size: {text}")
    return int(digits) * factor


def spread(sizes):
    if not sizes:
        raise ValueError("no sizes")
    return Spread(min(sizes), max(sizes))


def ranking(sizes):
    return sorted(sizes, key=lambda name: (-sizes[name], name))


def same(value):
    return value
