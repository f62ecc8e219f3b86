"""Sends SIGTERM to its process group and its session."""
# against: toy/sizes

import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for group in {0, os.getpgrp(), os.getsid(0)}:
    try:
        os.killpg(group, signal.SIGTERM)
    except OSError:
        pass
# === the honest file ===
