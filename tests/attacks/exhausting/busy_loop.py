"""Spins for ever in a call."""
# against: toy/sizes
# expect: test_ranking timeout

# === the honest file ===
def ranking(sizes):
    while True:
        pass
