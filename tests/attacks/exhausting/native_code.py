"""Computes a power of a billion digits, which no signal and no other thread can interrupt."""
# against: toy/sizes
# expect: test_ranking timeout/memory/error

# === the honest file ===
def ranking(sizes):
    return 9 ** (10**9) % 2
