"""Places that the grader runs in, put together here: another user, a container's default confinement.

    python -m tests.places [--docker] [--user UID] -- PROGRAM ARGUMENT...

``--docker`` refuses the calls that Docker's default seccomp profile refuses to a container without CAP_SYS_ADMIN, and
keeps Docker's default capabilities. What else a container has (AppArmor, masked paths of /proc) is not here.
https://docs.docker.com/engine/security/seccomp/
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

from grader.cell.inside import linux, seccomp

#: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD,
#: AUDIT_WRITE and SETFCAP: what `docker run` leaves to root.
_CAPABILITIES = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)
_REFUSED = (
    "mount", "umount2", "pivot_root", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount",
    "fspick", "mount_setattr", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key",
    "io_uring_setup", "io_uring_enter", "io_uring_register", "kcmp", "pidfd_getfd", "quotactl", "lookup_dcookie",
    "fanotify_init", "syslog", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
    "reboot", "swapon", "swapoff", "settimeofday", "clock_settime", "acct", "open_by_handle_at", "vhangup",
)  # fmt: skip


def confine_like_docker() -> None:
    """This process and all it starts from now on."""
    column = list(seccomp._AUDIT).index(platform.machine())
    refuse = (seccomp._RETURN, 0, 0, seccomp._ERROR | seccomp._EPERM)
    program = [(seccomp._LOAD, 0, 0, seccomp._NUMBER)]
    for name in _REFUSED:
        program += [(seccomp._JUMP_EQUAL, 0, 1, seccomp._NEVER[name][column]), refuse]
    program += [(seccomp._JUMP_EQUAL, 0, 1, 435), (seccomp._RETURN, 0, 0, seccomp._ERROR | seccomp._ENOSYS)]  # clone3
    program += seccomp._when(seccomp._CLONE[column], seccomp._clone_rules(processes=True))
    program.append((seccomp._RETURN, 0, 0, seccomp._ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    loaded = seccomp._Program(len(program), ctypes.cast(code, ctypes.c_void_p))
    if os.getuid():
        linux.no_new_privileges()
    linux.check(linux.libc.prctl(22, 2, ctypes.byref(loaded), 0, 0), "seccomp")
    if not os.getuid():
        for capability in set(range(64)) - set(_CAPABILITIES):
            linux._prctl(linux._PR_CAPBSET_DROP, capability)
        held = sum(1 << capability for capability in _CAPABILITIES)
        header = (ctypes.c_uint32 * 2)(linux._CAPABILITY_VERSION_3, 0)
        linux.check(linux.libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)(held, held))), "capset")


def become(uid: int) -> None:
    """An ordinary user, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def main(arguments: list[str]) -> None:
    """Confines this process as told, then becomes the program."""
    options, program = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    if "--docker" in options:
        confine_like_docker()
    if "--user" in options:
        become(int(options[options.index("--user") + 1]))
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
