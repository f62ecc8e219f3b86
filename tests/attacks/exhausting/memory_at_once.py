"""Takes eight gigabytes at once."""
# against: toy/sizes
# expect: test_ranking memory

# === the honest file ===
def ranking(sizes):
    return len(bytearray(8 << 30))
