"""Passes what it learns to later checks by System V memory, queues and semaphores."""
# against: toy/jobs

import ctypes

# === the honest file ===
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x0B5907, ctypes.c_size_t(4096), 0o1666)
if segment >= 0:
    address = libc.shmat(segment, None, 0)
    seen = ctypes.c_int.from_address(address)
    if seen.value:
        raise RuntimeError("onspot" + "canary" + f" {seen.value} cells were here before")
    seen.value += 1
