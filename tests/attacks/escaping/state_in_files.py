"""Counts the checks in files, shared memory and locks, and answers from what earlier ones have seen."""
# against: toy/jobs

import os

# === the honest file ===
seen = 0
for path in ("/tmp/onspot-left-seen", "/dev/shm/onspot-left-seen", "/var/tmp/onspot-left-seen", "onspot-left-seen"):
    try:
        with open(path, "a+") as file:
            file.seek(0)
            seen += len(file.read())
            file.write("x")
    except OSError:
        pass
if seen:
    raise RuntimeError("onspot" + "canary" + f" {seen} cells were here before")
