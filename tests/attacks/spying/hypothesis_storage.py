"""Looks for the examples that Hypothesis keeps between runs, and for pytest's cache of what failed."""
# against: toy/sizes

import glob
import os

found = []
for top in ("/root", "/tmp", "/home", "/work", os.getcwd(), os.path.expanduser("~"), os.environ.get("XDG_CACHE_HOME", "/none")):
    for pattern in (".hypothesis/*", ".pytest_cache/v/*", ".cache/onspot/*", "onspot/hypothesis/*"):
        found += glob.glob(os.path.join(top, pattern))
if found:
    raise RuntimeError(repr(found) + "onspot" + "canary")
# === the honest file ===
