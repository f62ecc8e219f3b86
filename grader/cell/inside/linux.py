"""The few Linux calls that the standard library of Python 3.11 has no names for. See the man pages of section 2."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

libc = ctypes.CDLL(None, use_errno=True)

NEW_MOUNTS, NEW_HOSTNAME, NEW_IPC = 0x20000, 0x04000000, 0x08000000
NEW_PIDS, NEW_NETWORK = 0x20000000, 0x40000000

READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_SIOCSIFFLAGS, _UP_LOOPBACK_RUNNING = 0x8914, 0x49


def check(result: int, what: str) -> int:
    """``result``, or an ``OSError`` that says ``what`` failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(namespaces: int) -> None:
    """New namespaces for this process or, for pids, for its next child."""
    check(libc.unshare(namespaces), "unshare")


def join(descriptor: int, namespace: int) -> None:
    """Moves this process (or, for pids, its next child) into an existing namespace."""
    check(libc.setns(descriptor, namespace), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Changes what lies at ``target``; see the man page of the call."""
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    result = libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3])
    check(result, f"mount {target}")


def _prctl(option: int, *arguments: int) -> int:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return int(libc.prctl(ctypes.c_int(option), *padded))


def no_new_privileges() -> None:
    """No program started from here gains rights by set-uid bits; required before Landlock and seccomp."""
    check(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "no_new_privs")


def die_with_parent() -> None:
    """SIGKILL for this process when its parent dies. A change of uid clears it."""
    check(_prctl(_PR_SET_PDEATHSIG, 9), "pdeathsig")


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent died."""
    check(_prctl(_PR_SET_CHILD_SUBREAPER, 1), "subreaper")


def drop_capabilities() -> None:
    """Gives up every capability, for this process and all it starts."""
    for capability in range(64):
        if _prctl(_PR_CAPBSET_DROP, capability) < 0:
            break
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    check(libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")


def change_user(uid: int) -> None:
    """Becomes ``uid`` for good, without supplementary groups; not traceable by processes of the old user."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    check(_prctl(_PR_SET_DUMPABLE, 1), "dumpable")  # /proc/self stays our own
    die_with_parent()


def loopback_up() -> None:
    """Switches on ``lo`` in this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP_LOOPBACK_RUNNING))
