"""Shuts its reading side and steals what was sent to it, so that the sender is told of a broken pipe."""
# against: toy/jobs
# expect: test_run crashed/timeout

import os
import socket

number = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def run(self, fn):
    socket.socket(fileno=os.dup(number)).shutdown(socket.SHUT_RD)
    return [fn("b"), fn("a")]


JobQueue.run = run
