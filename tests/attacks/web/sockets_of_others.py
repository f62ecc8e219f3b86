"""Connects from a request to every Unix socket and port it can think of, the other checks' sites among them."""
# against: toy/board

import glob
import socket

# === the honest file ===
honest = create_app
found = []


def create_app():
    for path in glob.glob("/tmp/onspot-*/web-*/*") + glob.glob("/tmp/*/onspot-*/web-*/*"):
        try:
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(path)
                found.append(path)
        except OSError:
            pass
    if found:
        raise RuntimeError("onspot" + "canary" + repr(found))
    return honest()
