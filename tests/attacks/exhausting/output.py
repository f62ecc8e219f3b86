"""Prints without end."""
# against: toy/sizes
# expect: test_ranking output

# === the honest file ===
def ranking(sizes):
    while True:
        print("passed " * 1000)
