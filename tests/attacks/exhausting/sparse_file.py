"""Makes a file of a terabyte that takes no room, and a descriptor for each kind of memory file."""
# against: toy/sizes

import ctypes
import os

for path in ("/tmp/onspot-left-sparse", "/dev/shm/onspot-left-sparse", "onspot-left-sparse"):
    try:
        os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 1 << 40)
    except OSError:
        pass
try:
    os.truncate(os.memfd_create("onspot-left"), 1 << 40)
except (OSError, AttributeError):
    pass
ctypes.CDLL(None).syscall(447, 0)
# === the honest file ===
