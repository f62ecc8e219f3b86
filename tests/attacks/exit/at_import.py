"""Leaves the process with status 0 when it is imported."""
# against: toy/sizes
# expect: all crashed

import os

os._exit(0)
# === the honest file ===
