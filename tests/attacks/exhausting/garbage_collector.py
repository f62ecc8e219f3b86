"""Has the garbage collector run for ever: a callback of its own starts it again."""
# against: toy/jobs

import gc

# === the honest file ===
kept = [[] for _ in range(1000)]
gc.callbacks.append(lambda phase, info: kept.append([kept]) if len(kept) < 5000 else None)
gc.set_threshold(1, 1, 1)
