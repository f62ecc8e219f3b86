"""Reads address 0."""
# against: toy/sizes
# expect: test_spread crashed, test_no_spread crashed

import ctypes

# === the honest file ===
def spread(sizes):
    return ctypes.string_at(0)
