"""Starts threads until it may no longer, and leaves them all running."""
# against: toy/sizes

import threading

kept = []
try:
    while len(kept) < 3000:
        kept.append(threading.Thread(target=threading.Event().wait, daemon=True))
        kept[-1].start()
except (RuntimeError, MemoryError):
    pass
# === the honest file ===
