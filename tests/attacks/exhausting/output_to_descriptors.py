"""Writes without end to standard output and standard error, past Python."""
# against: toy/sizes
# expect: test_ranking timeout/crashed/error/output

import os

# === the honest file ===
def ranking(sizes):
    while True:
        for number in (1, 2):
            os.write(number, b"passed " * 10_000)
