"""Takes memory in small pieces until there is none, and keeps what it has when it is told so."""
# against: toy/sizes
# expect: test_ranking memory/crashed/timeout

# === the honest file ===
def ranking(sizes):
    kept = []
    while True:
        try:
            kept.append([None] * 10_000)
        except MemoryError:
            pass
