"""Attaches to other processes: ptrace, their memory, their file descriptors."""
# against: toy/sizes

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
found = []
for process in {1, os.getppid(), *range(2, 300)} - {os.getpid(), 0}:
    if libc.ptrace(16, process, 0, 0) == 0 or libc.ptrace(0x4206, process, 0, 0) == 0:
        found.append(("ptrace", process))
    try:
        with open(f"/proc/{process}/mem", "rb"):
            found.append(("mem", process))
    except OSError:
        pass
    if (handle := libc.syscall(434, process, 0)) >= 0 and libc.syscall(438, handle, 3, 0) >= 0:
        found.append(("pidfd_getfd", process))
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
