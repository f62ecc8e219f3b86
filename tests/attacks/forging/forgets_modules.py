"""Clears the table of modules, so that whatever is imported next is imported anew."""
# against: toy/jobs

import sys

sys.modules.clear()
# === the honest file ===
