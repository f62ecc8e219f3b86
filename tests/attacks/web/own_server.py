"""Serves the grader's socket by itself, with bytes that no HTTP server would send: 1xx without end, no status line."""
# against: toy/board

import os
import socket
import threading

# === the honest file ===
def rogue(listener):
    while True:
        connection, _ = listener.accept()
        try:
            request = connection.recv(1 << 16)
            if b"/notes/99" in request:
                for _ in range(5000):
                    connection.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n")
            connection.send(b"HTTP/1.1 404 \xff\x00\r\n: \r\ncontent-length: -1\r\n\r\n")
        except OSError:
            pass


for number in range(3, 64):
    try:
        listener = socket.socket(fileno=number)
        if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            threading.Thread(target=rogue, args=[listener], daemon=True).start()
        else:
            listener.detach()
    except OSError:
        pass
del os
