"""Gives classes and fields names that are markup, commands and a hundred thousand characters."""
# against: toy/sizes

from collections import namedtuple

# === the honest file ===
Odd = type("</system-out>::error::" + "x" * 100_000, (), {"__repr__": lambda self: "c, a, b"})
Long = namedtuple("Spread", ["f" * 70_000, "low"])
ranking = lambda sizes: [Odd(), Odd]
spread = lambda sizes: Long(1, 2)
