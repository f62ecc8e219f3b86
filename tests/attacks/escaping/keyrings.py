"""Keeps a note for later checks in the kernel's keyrings and System V and POSIX queues."""
# against: toy/sizes

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
found = []
for ring in (-1, -2, -3, -4, -5):
    if libc.syscall(248, b"user", b"onspot-left", b"passed", 6, ring) > 0:
        found.append(("key", ring))
    if libc.syscall(250, 0, ring, 0) > 0:
        found.append(("ring", ring))
# === the honest file ===
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
