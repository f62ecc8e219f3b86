"""Burns almost all the time of a call in each of many calls, so that a check never ends."""
# against: toy/sizes
# expect: test_any_size timeout/failed

import time

# === the honest file ===
honest = parse


def parse(text):
    end = time.monotonic() + (1.5 if text.endswith("m") else 0)
    while time.monotonic() < end:
        pass
    return honest(text)
