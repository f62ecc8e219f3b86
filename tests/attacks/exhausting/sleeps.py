"""Sleeps for an hour in a call."""
# against: toy/sizes
# expect: test_ranking timeout

import time

# === the honest file ===
def ranking(sizes):
    time.sleep(3600)
