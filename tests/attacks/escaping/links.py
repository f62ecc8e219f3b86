"""Makes links out of its folder and reads and writes through them."""
# against: toy/sizes

import os

found = []
for folder in ("/tmp", ".", "/dev/shm"):
    for number, target in enumerate(("/etc/shadow", "/proc/1/root", "/root", "/", "/proc/self/cwd/..")):
        link = f"{folder}/onspot-left-link{number}"
        for make in (os.symlink, os.link):
            try:
                make(target, link)
            except OSError:
                continue
            for path in (link, f"{link}/etc/shadow", f"{link}/root/.profile"):
                try:
                    with open(path) as file:
                        found.append((path, file.read(40)))
                except OSError:
                    pass
            os.unlink(link)
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
