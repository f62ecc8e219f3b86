"""Leaves a daemon behind: two forks, a session of its own, another name, no open file."""
# against: toy/workers
# levels: sealed

import os
import time

# === the honest file ===
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)
        os.execve("/bin/sleep", ["onspot-left", "3600"], {})
    os._exit(0)
time.sleep(0.05)
