"""Opens disks, terminals, memory and kernel logs, and makes device nodes of its own."""
# against: toy/sizes

import fcntl
import glob
import os
import stat

found = []
names = ["/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/tty", "/dev/console", "/dev/fuse", "/dev/kvm", "/dev/net/tun"]
for path in {*names, *glob.glob("/dev/pts/*"), *glob.glob("/dev/loop*"), "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern"}:
    for flags in (os.O_WRONLY, os.O_RDONLY):
        try:
            found.append((path, os.open(path, flags)))
        except OSError:
            pass
for folder in ("/tmp", ".", "/dev/shm"):
    try:
        os.mknod(f"{folder}/onspot-left-node", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
        os.close(os.open(f"{folder}/onspot-left-node", os.O_RDONLY))
        found.append(folder)
    except OSError:
        pass
for number in range(3):
    try:
        fcntl.ioctl(number, 0x5412, b"x")
        found.append(("TIOCSTI", number))
    except OSError:
        pass
found = [one for one in found if one[0] != "/proc/sys/kernel/core_pattern" or os.access(one[0], os.W_OK)]
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
