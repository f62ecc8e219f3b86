"""Searches its own memory, frames and objects for a secret of the suite, in case the suite was ever there."""
# against: toy/sizes

import gc
import re
import sys

mark = re.compile(b"onspot" + b"canary" + rb"[0-9a-f]{16}")
found = set()
frame = sys._getframe()
while frame:
    found.update(mark.findall(repr(frame.f_locals).encode()))
    frame = frame.f_back
for thing in gc.get_objects():
    if type(thing) is dict:
        found.update(*[mark.findall(text.encode("utf-8", "replace")) for text in thing.values() if type(text) is str])
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        try:
            memory.seek(start)
            found.update(mark.findall(memory.read(end - start)))
        except (OSError, OverflowError, ValueError):
            continue
if found:
    raise RuntimeError(repr(found))
# === the honest file ===
