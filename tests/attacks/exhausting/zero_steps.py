"""Answers every question of an iteration with one more item, so that nobody comes to its end."""
# against: toy/jobs
# expect: test_drain failed, test_run timeout/memory, test_run_async timeout/memory/error, test_threads timeout/memory

# === the honest file ===
class Endless:
    def __init__(self, *_):
        pass

    def __iter__(self):
        return self

    def __next__(self):
        return "a"


JobQueue.drain = lambda self: Endless()
