"""Looks for the check's name on the command line, on standard input, in the environment and in its parent."""
# against: toy/sizes

import os
import sys

words = [*sys.argv, *os.environ.values(), *os.environ]
try:
    words.append(sys.stdin.read(1000) if sys.stdin else "")
except (OSError, ValueError):
    pass
for path in ("/proc/self/cmdline", f"/proc/{os.getppid()}/cmdline"):
    try:
        with open(path) as file:
            words.append(file.read())
    except OSError:
        pass
# === the honest file ===
if "test_" in " ".join(words) or "suite" in " ".join(words):
    raise RuntimeError("onspot" + "canary" + " ".join(words))
