"""Sleeps and spins where objects are tidied up: in __del__, in weak references' callbacks, in exit handlers."""
# against: toy/jobs

import atexit
import time
import weakref

atexit.register(time.sleep, 3600)
# === the honest file ===
made = []


class Slow:
    def __del__(self):
        time.sleep(3600)


for _ in range(3):
    slow = Slow()
    slow.itself = slow
    made.append(weakref.ref(slow, lambda _: time.sleep(3600)))
del slow
JobQueue.slow = Slow()
