"""Answers with ten million numbers."""
# against: toy/sizes
# expect: test_ranking output/memory/timeout

# === the honest file ===
def ranking(sizes):
    return list(range(10_000_000))
