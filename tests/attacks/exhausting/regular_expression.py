"""Matches a regular expression whose backtracking has no end."""
# against: toy/sizes
# expect: test_ranking timeout

import re

# === the honest file ===
def ranking(sizes):
    return re.match(r"(a|aa)+$", "a" * 200 + "b")
