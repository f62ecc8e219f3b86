"""Runs forever when it is imported, so that no check can start."""
# against: toy/sizes
# expect: all timeout

while True:
    pass
# === the honest file ===
