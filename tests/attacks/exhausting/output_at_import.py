"""Prints a gigabyte when it is imported, and catches whatever is raised against it."""
# against: toy/sizes
# expect: all output/timeout/memory

# === the honest file ===
while True:
    try:
        print("x" * 1_000_000)
    except BaseException:
        pass
