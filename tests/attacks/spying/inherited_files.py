"""Reads, seeks and maps every descriptor that it was born with, and reopens them through /proc."""
# against: toy/sizes

import os

mark, found = b"onspot" + b"canary", []
for number in range(64):
    if number in (0, 1, 2):
        continue
    try:
        target = os.readlink(f"/proc/self/fd/{number}")
        if not target.startswith("socket:"):
            found.append((target, os.pread(number, 4096, 0)))
            with open(f"/proc/self/fd/{number}", "rb") as again:
                found.append((target, again.read(4096)))
    except OSError:
        continue
if any(mark in text for _, text in found):
    raise RuntimeError(repr(found))
# === the honest file ===
