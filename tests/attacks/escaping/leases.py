"""Takes leases on the system's own files, so that whoever opens them next has to wait."""
# against: toy/sizes

import fcntl
import os

found, kept = [], []
for path in ("/usr/lib/os-release", "/etc/ld.so.cache", os.__file__, fcntl.__file__):
    try:
        kept.append(os.open(path, os.O_RDONLY))
        fcntl.fcntl(kept[-1], fcntl.F_SETLEASE, fcntl.F_WRLCK)
        found.append(path)
    except OSError:
        pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
