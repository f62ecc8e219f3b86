"""Says in the grader's own words that its cell could not be made, so that nothing counts."""
# against: toy/sizes
# expect: all crashed

import os

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
os.write(channel, encode(["setup", "no namespaces here"]))
os._exit(4)
# === the honest file ===
