"""Connects to every Unix socket that it can find: docker, systemd, D-Bus, other checks' servers, abstract ones."""
# against: toy/sizes

import glob
import socket

found = []
paths = [
    "/var/run/docker.sock", "/run/systemd/private", "/run/dbus/system_bus_socket", "/run/snapd.socket", "/dev/log",
    *glob.glob("/tmp/*/socket"), *glob.glob("/tmp/*/[0-9]"), *glob.glob("/tmp/*/*/socket"), *glob.glob("/run/*/*sock*"),
    "\0onspot", "\0/tmp/.X11-unix/X0", "\0com/ubuntu/upstart", "\0",
]
try:
    with open("/proc/net/unix") as table:
        paths += [line.split()[-1].replace("@", "\0", 1) for line in table if len(line.split()) > 7]
except OSError:
    pass
for path in paths:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(socket.AF_UNIX, kind) as one:
                one.settimeout(0.2)
                one.connect(path)
                found.append(path)
        except OSError:
            pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
