"""Connects to every port of the loopback interface that somebody of the machine might listen on."""
# against: toy/tally

import socket

found = []
for port in (*range(1, 1024), 3306, 5432, 5672, 6380, 8000, 8080, 8888, 9200, 11211, 27017, 2375):
    try:
        with socket.socket() as one:
            one.settimeout(0.05)
            one.connect(("127.0.0.1", port))
            found.append(port)
    except OSError:
        pass
# === the honest file ===
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
