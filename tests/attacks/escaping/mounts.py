"""Mounts a file system, binds the root elsewhere, changes its root, unmounts what hides the host."""
# against: toy/sizes

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
found = []
for call in (
    lambda: libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None),
    lambda: libc.mount(b"proc", b"/tmp", b"proc", 0, None),
    lambda: libc.mount(b"/", b"/tmp", None, 4096, None),
    lambda: libc.mount(None, b"/submission", None, 32, None),
    lambda: libc.umount2(b"/tmp", 2),
    lambda: libc.umount2(b"/proc", 2),
    lambda: libc.chroot(b"/tmp"),
    lambda: libc.syscall(155, b"/tmp", b"/tmp"),
    lambda: libc.syscall(428, -100, b"/", 1),
    lambda: libc.syscall(430, b"tmpfs", 0),
):
    if call() >= 0:
        found.append(call)
if found:
    raise RuntimeError("onspot" + "canary" + repr(found) + os.getcwd())
# === the honest file ===
