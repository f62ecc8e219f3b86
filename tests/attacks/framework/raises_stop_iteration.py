"""Raises StopIteration, GeneratorExit and KeyboardInterrupt through whatever generators the grader runs in."""
# against: toy/sizes
# expect: test_ranking error, test_no_spread error, test_spread error

# === the honest file ===
def spread(sizes):
    raise StopIteration("passed") if len(sizes) == 1 else GeneratorExit("passed")


def ranking(sizes):
    raise KeyboardInterrupt("passed")
