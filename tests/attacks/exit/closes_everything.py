"""Closes every file of the process, the channel too, and goes on."""
# against: toy/sizes
# expect: test_ranking crashed

import os

# === the honest file ===
def ranking(sizes):
    os.closerange(0, 4096)
    return sorted(sizes)
