"""Answers with ten thousand dictionary keys of one hash, which cost whoever stores them quadratic time."""
# against: toy/sizes
# expect: test_ranking crashed/timeout

from grader.cell.inside import objects

# === the honest file ===
def ranking(sizes):
    tree = [4]
    for number in range(5000):
        tree += [[5, hex(number * ((1 << 61) - 1))], 1]
    objects.Objects.pack = lambda self, value: tree
    return 1
