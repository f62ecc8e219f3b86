"""Connects to the world: TCP, UDP, raw sockets, DNS, and the cloud's own address for secrets."""
# against: toy/sizes

import socket

found = []
for family, kind, protocol in (
    (socket.AF_INET, socket.SOCK_STREAM, 0),
    (socket.AF_INET6, socket.SOCK_STREAM, 0),
    (socket.AF_INET, socket.SOCK_DGRAM, 0),
    (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    (socket.AF_PACKET, socket.SOCK_RAW, 3),
):
    for address in (("1.1.1.1", 53), ("169.254.169.254", 80), ("127.0.0.1", 22), ("8.8.8.8", 443)):
        try:
            with socket.socket(family, kind, protocol) as one:
                one.settimeout(0.2)
                one.connect(address if family != socket.AF_INET6 else ("2606:4700:4700::1111", 53))
                if kind == socket.SOCK_DGRAM:
                    one.send(b"\0" * 12)
                found.append((family, kind, address))
        except (OSError, TypeError):
            pass
try:
    found.append(socket.getaddrinfo("example.com", 80))
except OSError:
    pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
