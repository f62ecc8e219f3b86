"""The outer view of a sealed zygote: bubblewrap shows it the interpreter, the libraries and nothing else.

bubblewrap guards the host; the cells' own namespaces, made inside, keep cells apart. As root it keeps every capability
unless told otherwise, so all but the few that cells are made and ended with are dropped; each cell gets an own uid.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import sysconfig
from pathlib import Path

from grader.cell.inside.plan import SEALED_FOLDER

_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ssl", "/etc/ld.so.cache", "/etc/alternatives")
_HOSTS = b"127.0.0.1 localhost\n::1 localhost\n"
_GRADER = Path(__file__).resolve().parent.parent

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "SSL_CERT_DIR": "/etc/ssl/certs",  # read when needed; without it httpx reads all of certifi for every client: 20 ms
}


def readable() -> list[str]:
    """What every cell may read: the system's libraries, this interpreter, its packages, the cell's own program."""
    own = [_GRADER / "__init__.py", _GRADER / "cell" / "__init__.py", _GRADER / "cell" / "inside"]
    paths = {*_SYSTEM, sys.base_prefix, sys.prefix, sysconfig.get_path("purelib"), *map(str, own)}
    if any(str(path).startswith(sys.prefix + os.sep) for path in own):
        paths -= set(map(str, own))
    covered = {path for path in paths if any(path != other and path.startswith(other + os.sep) for other in paths)}
    return sorted(path for path in paths - covered if os.path.exists(path))


def readable_by_all(paths: list[str]) -> bool:
    """Whether another user may reach all of ``paths``: an interpreter in a home of mode 0700 is out of reach."""
    folders = {parent for path in paths for parent in Path(os.path.realpath(path)).parents}
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


def bubblewrap() -> str | None:
    """The program, or None when it is not installed."""
    return shutil.which("bwrap")


def command(paths: list[str], hosts: int, environment: dict[str, str]) -> list[str]:
    """The bubblewrap command line in front of the zygote's own; ``hosts`` is a descriptor from ``hosts_file``."""
    line = [bubblewrap() or "bwrap", "--die-with-parent", "--new-session"]
    line += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "cell"]
    if os.getuid():
        line += ["--unshare-user"]
    else:
        line += [
            "--cap-drop",
            "ALL",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
            "--cap-add",
            "CAP_CHOWN",
            "--cap-add",
            "CAP_KILL",
        ]
    line += ["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN"]
    for folder in sorted({parent for path in paths for parent in _parents(path)}):
        line += ["--perms", "0755", "--dir", folder]
    inside_tmp = [path for path in paths if path.startswith("/tmp/")]
    for path in paths:
        if path not in inside_tmp:
            line += _bind(path)
    line += ["--bind", "/proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    for path in inside_tmp:
        line += _bind(path)
    line += ["--perms", "0755", "--dir", SEALED_FOLDER, "--tmpfs", "/dev/shm", "--chdir", "/"]
    line += [
        "--perms",
        "0755",
        "--dir",
        "/etc",
        "--perms",
        "0644",
        "--ro-bind-data",
        str(hosts),
        "/etc/hosts",
    ]
    line += ["--clearenv"]
    for name, value in environment.items():
        line += ["--setenv", name, value]
    return [*line, "--"]


def hosts_file() -> int:
    """A descriptor of a hosts file that knows ``localhost``, which redis-py and others look up."""
    descriptor = os.memfd_create("hosts")
    os.write(descriptor, _HOSTS)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _bind(path: str) -> list[str]:
    if os.path.islink(path):
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind", path, path]


def _parents(path: str) -> list[str]:
    return [str(parent) for parent in Path(path).parents if str(parent) not in ("/", "/tmp")]
