"""Sends SIGKILL to its parent."""
# against: toy/sizes

import os
import signal

for victim in (os.getppid(), 1):
    if victim > 1:
        try:
            os.kill(victim, signal.SIGKILL)
        except OSError:
            pass
# === the honest file ===
