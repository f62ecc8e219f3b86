"""Answers each call just before it would be too late, so that a grading takes as long as it can."""
# against: toy/sizes
# expect: test_any_size timeout/failed

import time

# === the honest file ===
honest = parse


def parse(text):
    if text[-1:] in "km" and len(text) > 2 or text == "7m":
        time.sleep(0.8)
    return honest(text)
