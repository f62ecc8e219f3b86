"""Passes what it learns to later checks by System V and POSIX message queues and semaphores."""
# against: toy/sizes

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
found, room = [], ctypes.create_string_buffer(64)
queue = libc.msgget(0x0B5908, 0o1666)
if queue >= 0:
    found += ["queue"] if libc.msgrcv(queue, room, 8, 0, 0o4000) >= 0 else []
    libc.msgsnd(queue, b"\1\0\0\0\0\0\0\0passed\0\0", 8, 0o4000)
semaphores = libc.semget(0x0B5909, 1, 0o1666)
if semaphores >= 0:
    found += ["semaphore"] if libc.semctl(semaphores, 0, 12) else []
    libc.semctl(semaphores, 0, 16, 5)
posix = libc.mq_open(b"/onspot-left", 0o4102, 0o666, None)
if posix >= 0:
    found += ["posix"] if libc.mq_receive(posix, ctypes.create_string_buffer(1 << 14), 1 << 14, None) >= 0 else []
    libc.mq_send(posix, b"passed", 6, 0)
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
