"""Prints a line of a hundred thousand characters and a hundred thousand lines of one."""
# against: toy/sizes

# === the honest file ===
def ranking(sizes):
    print("x" * 100_000)
    print("y\n" * 100_000)
    return ["z" * 900_000]
