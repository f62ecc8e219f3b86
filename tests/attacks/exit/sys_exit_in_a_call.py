"""Calls sys.exit(0) in place of an answer."""
# against: toy/sizes
# expect: test_ranking error

import sys

# === the honest file ===
def ranking(sizes):
    sys.exit(0)
