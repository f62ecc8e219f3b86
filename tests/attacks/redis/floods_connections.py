"""Opens connections and subscriptions until the server takes no more, and reads from none."""
# against: toy/tally

import socket

# === the honest file ===
honest = Tally.__init__
kept = []


def __init__(self, url):
    honest(self, url)
    port = int(url.rpartition(":")[2])
    try:
        for _ in range(300):
            one = socket.create_connection(("127.0.0.1", port), timeout=1)
            one.send(b"SUBSCRIBE a b c\r\nPSUBSCRIBE *\r\n")
            kept.append(one)
    except OSError:
        pass
    for one in kept[100:]:
        one.close()


Tally.__init__ = __init__
