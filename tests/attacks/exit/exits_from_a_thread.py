"""Has a thread leave the process while the call is still at work."""
# against: toy/sizes
# expect: test_ranking crashed

import os
import threading
import time

# === the honest file ===
def ranking(sizes):
    threading.Timer(0.01, os._exit, [0]).start()
    time.sleep(60)
