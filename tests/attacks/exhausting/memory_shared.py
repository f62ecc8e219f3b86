"""Takes shared anonymous memory, files without names and System V segments, which some limits do not count."""
# against: toy/sizes
# expect: test_ranking error/failed/memory/timeout/crashed

import ctypes
import mmap
import os

# === the honest file ===
def ranking(sizes):
    kept, libc = [], ctypes.CDLL(None, use_errno=True)
    for number in range(400):
        try:
            area = mmap.mmap(-1, 16 << 20)
            area[:: 1 << 12] = bytes(len(area) >> 12)
            kept.append(area)
        except (OSError, ValueError):
            break
    for number in range(64):
        segment = libc.shmget(0, ctypes.c_size_t(16 << 20), 0o1600)
        if segment < 0:
            break
        libc.shmat.restype = ctypes.c_void_p
        kept.append(libc.shmat(segment, None, 0))
    return [len(kept), os.getpid()]
