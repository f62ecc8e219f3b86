"""Fills every folder that it may write to, by large files and by many."""
# against: toy/sizes

import os

for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", "/run", "/submission", "/cell"):
    try:
        with open(f"{folder}/onspot-left-large", "wb", buffering=0) as file:
            for _ in range(200):
                file.write(bytes(1 << 20))
    except OSError:
        pass
    try:
        for number in range(5000):
            with open(f"{folder}/onspot-left-{number}", "w") as file:
                file.write("x")
    except OSError:
        pass
# === the honest file ===
