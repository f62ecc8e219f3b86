"""Yields megabytes without end to whoever makes a list of them."""
# against: toy/jobs
# expect: test_drain timeout/output/memory/failed, test_run timeout/output/memory, test_run_async timeout/output/memory/error, test_threads timeout/memory/error

# === the honest file ===
def drain(self):
    yield "a"
    while True:
        yield "x" * 1_000_000


JobQueue.drain = drain
