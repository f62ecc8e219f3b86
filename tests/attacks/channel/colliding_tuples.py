"""Answers with a set of tuples of minus ones and twos, which all have one hash."""
# against: toy/sizes
# expect: test_ranking crashed

from itertools import product

# === the honest file ===
def ranking(sizes):
    return set(product((-1, -2), repeat=12))
