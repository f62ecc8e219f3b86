"""Opens files, sockets and pipes until there are no more, and keeps them."""
# against: toy/sizes

import os
import socket

kept = []
for take in (lambda: os.open("/dev/null", os.O_RDONLY), os.pipe, socket.socketpair, lambda: os.eventfd(0)):
    try:
        for _ in range(5000):
            kept.append(take())
    except OSError:
        os.close(kept.pop(0)) if kept and isinstance(kept[0], int) else None
# === the honest file ===
