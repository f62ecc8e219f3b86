"""Listens on Redis' own port in its cell, to be the server that the suite looks into."""
# against: toy/tally

import socket

# === the honest file ===
for port in (6379, 8001):
    for options in ((socket.SO_REUSEADDR,), (socket.SO_REUSEADDR, socket.SO_REUSEPORT)):
        try:
            listener = socket.socket()
            for option in options:
                listener.setsockopt(socket.SOL_SOCKET, option, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError:
            pass
