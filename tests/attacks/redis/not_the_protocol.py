"""Speaks something else to the server: half commands, huge lengths, HTTP, inline rubbish."""
# against: toy/tally

import socket

# === the honest file ===
honest = Tally.__init__


def __init__(self, url):
    honest(self, url)
    port = int(url.rpartition(":")[2])
    for words in (b"*1000000000\r\n", b"$-5\r\n", b"*2\r\n$3\r\nGET", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100_000, b"*-1\r\n*0\r\n\r\n"):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as one:
                one.send(words)
        except OSError:
            pass


Tally.__init__ = __init__
