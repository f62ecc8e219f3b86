"""Looks for the grader's files through /proc: folders, open files, command lines and memory of every process."""
# against: toy/sizes

import glob
import os

mark = b"onspot" + b"canary"
found = []
for process in glob.glob("/proc/[0-9]*"):
    if process == f"/proc/{os.getpid()}":
        continue
    for name in ("environ", "cmdline", "cwd/suite.py", "root/etc/shadow", *(f"fd/{n}" for n in range(40))):
        try:
            with open(f"{process}/{name}", "rb", buffering=0) as file:
                text = file.read(1 << 16) or b""
        except (OSError, ValueError):
            continue
        if mark in text or name.startswith("root"):
            found.append(text[text.find(mark) :][:80])
if found:
    raise RuntimeError(repr(found))
# === the honest file ===
