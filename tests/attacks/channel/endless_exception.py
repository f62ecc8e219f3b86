"""Raises an exception with megabytes of message, arguments, notes, causes and class names."""
# against: toy/sizes
# expect: test_ranking error/memory

Long = type("E" * 1_000_000, (Exception,), {})
# === the honest file ===
def ranking(sizes):
    error = None
    for _ in range(500):
        try:
            raise Long("m" * 1_000_000, *["a" * 100_000] * 100) from error
        except Long as raised:
            error = raised
            error.add_note("n" * 100_000)
    raise error
