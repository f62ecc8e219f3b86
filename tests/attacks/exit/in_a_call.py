"""Leaves the process with status 0 in the middle of a call."""
# against: toy/sizes
# expect: test_ranking crashed

import os

# === the honest file ===
def ranking(sizes):
    os._exit(0)
