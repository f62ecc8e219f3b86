"""Becomes another program that says what a grader might like to hear."""
# against: toy/sizes
# expect: test_ranking crashed

import os

# === the honest file ===
def ranking(sizes):
    os.execv("/bin/echo", ["echo", '{"score": 100, "passed": true}'])
