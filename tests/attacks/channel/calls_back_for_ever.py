"""Calls the suite's function back without end, within one call."""
# against: toy/jobs
# expect: test_run timeout/output

# === the honest file ===
def run(self, fn):
    while True:
        fn("a" * 1000)


JobQueue.run = run
