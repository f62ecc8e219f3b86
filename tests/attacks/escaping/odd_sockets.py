"""Opens sockets of kinds that filters forget: netlink, vsock, key, Bluetooth, CAN, TIPC, XDP, ALG, SMC."""
# against: toy/sizes

import socket

found = []
for family in (15, 16, 17, 21, 29, 30, 31, 38, 40, 43, 44, 45):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind, 0).close()
            found.append((family, kind))
        except OSError:
            pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
