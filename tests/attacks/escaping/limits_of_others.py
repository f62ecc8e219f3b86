"""Lowers the limits of its parent, as whoever has the same user may: no CPU time, no files, no memory."""
# against: toy/sizes

import os
import resource

found = []
if os.getppid() > 1:
    for kind, limit in ((resource.RLIMIT_CPU, 1), (resource.RLIMIT_NOFILE, 3), (resource.RLIMIT_AS, 1 << 20)):
        try:
            resource.prlimit(os.getppid(), kind, (limit, limit))
            found.append(kind)
        except OSError:
            pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
