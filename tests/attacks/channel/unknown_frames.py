"""Sends frames of kinds that nobody has heard of."""
# against: toy/sizes
# expect: test_ranking crashed

import os

from grader.cell.inside.frames import encode

channel = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
# === the honest file ===
def ranking(sizes):
    for frame in (["passed", 4], ["verdict", 4, "passed"], ["done", 4, True, None], ["call", 1, "import", ["os"]]):
        os.write(channel, encode(frame))
    return ["c", "a", "b"]
