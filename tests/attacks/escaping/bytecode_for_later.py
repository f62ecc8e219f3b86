"""Writes compiled files and modules for later checks: beside its own, into the library, into the grader."""
# against: toy/jobs

import os
import sys

# === the honest file ===
state = []
for top in {*sys.path, os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.__file__), "/tmp"}:
    for name in ("__pycache__/jobs.cpython-311.pyc", "sitecustomize.py", "onspot-left.pth", "driver.py", "asyncio/__init__.py"):
        try:
            with open(os.path.join(top, name), "r+b" if "asyncio" in name else "wb") as file:
                state.append(file)
        except OSError:
            pass
if [file.name for file in state if not file.name.startswith(("/tmp/", "/submission"))]:
    raise RuntimeError("onspot" + "canary" + repr(state))
