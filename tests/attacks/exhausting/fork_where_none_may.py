"""Forks by every call that the kernel has for it, where children are not allowed."""
# against: toy/sizes

import ctypes
import os
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
CLONE, VFORK, FORK, CLONE3 = 56, 58, 57, 435
started = []
for start in (os.fork, lambda: libc.syscall(FORK), lambda: libc.syscall(CLONE, 17, 0, 0, 0, 0)):
    try:
        child = start()
    except OSError:
        continue
    if child == 0:
        os.execv("/bin/sleep", ["onspot-left", "3600"])
    if child > 0:
        started.append(child)
for command in (["sleep", "3600"], ["/bin/sh", "-c", "exec -a onspot-left sleep 3600"]):
    try:
        started.append(subprocess.Popen(command).pid)
    except OSError:
        pass
if started:
    raise RuntimeError("onspot" + "canary" + str(started))
# === the honest file ===
