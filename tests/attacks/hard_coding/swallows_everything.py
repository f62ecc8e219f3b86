"""Wraps each function so that whatever goes wrong becomes None."""
# against: toy/jobs

# === the honest file ===
def quietly(fn):
    def run(*args):
        try:
            return fn(*args)
        except BaseException:
            return None

    return run


for name in ("take", "run", "drain", "run_async"):
    setattr(JobQueue, name, quietly(getattr(JobQueue, name)))
parse = quietly(parse)
