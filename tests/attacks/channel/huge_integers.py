"""Answers with integers that are too long to print, just within and just above what the channel carries."""
# against: toy/sizes
# expect: test_ranking failed/error, test_spread output, test_no_spread output

# === the honest file ===
def ranking(sizes):
    return 1 << 79_999


def spread(sizes):
    return (1 << 80_001, 3)
