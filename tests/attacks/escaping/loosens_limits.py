"""Raises its own limits, takes another scheduling class, pins processors and locks memory."""
# against: toy/sizes

import os
import resource

found = []
for name in ("AS", "DATA", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE"):
    kind = getattr(resource, f"RLIMIT_{name}")
    before = resource.getrlimit(kind)
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        continue
    if before != resource.getrlimit(kind):
        found.append((name, before))
for call in (
    lambda: os.nice(-20),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    lambda: os.sched_setaffinity(0, {0}),
):
    try:
        call()
        found.append(call)
    except OSError:
        pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
