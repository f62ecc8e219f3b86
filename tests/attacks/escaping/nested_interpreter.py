"""Starts another interpreter, and a program in another language, to act where nobody looks."""
# against: toy/sizes

import subprocess
import sys

found = []
for command in ([sys.executable, "-c", "print('here')"], ["perl", "-e", "print 'here'"], ["/bin/sh", "-c", "echo here"]):
    try:
        found.append(subprocess.run(command, capture_output=True, timeout=2, check=False).stdout)
    except (OSError, subprocess.SubprocessError):
        pass
if any(found):
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
