"""Sets the machine's clock, by every call that there is for it."""
# against: toy/sizes

import ctypes
import time

libc = ctypes.CDLL(None, use_errno=True)
before, found = time.time(), []
for call in (
    lambda: time.clock_settime(time.CLOCK_REALTIME, before),
    lambda: [][libc.settimeofday(b"\0" * 16, None)],
    lambda: [][libc.adjtime(b"\1" * 16, None)],
    lambda: [][libc.stime(b"\0" * 8)],
):
    try:
        call()
        found.append(call)
    except IndexError as error:
        if libc.adjtime(None, b"\0" * 16) == 0 and not isinstance(error, IndexError):
            found.append(call)
    except (OSError, AttributeError):
        pass
# === the honest file ===
if found or abs(time.time() - before) > 3600:
    raise RuntimeError("onspot" + "canary" + repr(found))
