"""seccomp: system calls that no submission needs are refused. https://docs.kernel.org/userspace-api/seccomp_filter.html

A deny list, because an allow list breaks with every new libc. What it must hold: no new processes unless asked for, no
new namespaces or mounts, no tracing, no sockets but TCP (and Unix sockets where the file system is the cell's own),
and where the cell sees other processes, no call that reaches them. Calls newer than this file are unknown to the cell.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

from grader.cell.inside.linux import check, libc

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000  # the x32 twin of every x86-64 call

# name: (x86_64, aarch64); 0 where the architecture has no such call
_NEVER = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "acct": (163, 89), "quotactl": (179, 60),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "personality": (135, 92),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "pidfd_getfd": (438, 438), "vhangup": (153, 58),
    "iopl": (172, 0), "ioperm": (173, 0), "setpriority": (141, 140), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "seccomp": (317, 277), "syslog": (103, 116),
    "lookup_dcookie": (212, 18), "fanotify_init": (300, 262), "mlockall": (151, 230), "sched_setparam": (142, 118),
    "modify_ldt": (154, 0),
    # memory that belongs to no process, which neither rlimits nor a look at the processes would count
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
_FORKING = {"fork": (57, 0), "vfork": (58, 0)}
#: Changes of metadata, which Landlock does not see: refused where the file system is shared with others.
_METADATA = {
    "chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, 0),
    "fchown": (93, 55), "lchown": (94, 0), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "utime": (132, 0), "utimes": (235, 0), "futimesat": (261, 0), "utimensat": (280, 88),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466),
}  # fmt: skip
#: Ways to another process of the same user, which Landlock closes in part, and before version 6 not at all.
_TO_OTHERS = {
    "tkill": (200, 130), "pidfd_send_signal": (424, 424), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "move_pages": (279, 239), "migrate_pages": (256, 238), "ioprio_set": (251, 30),
    "get_robust_list": (274, 100),
    "inotify_add_watch": (254, 27),  # tells of files, as soon as anybody touches them
}  # fmt: skip
#: Calls whose first argument must be the caller's own process: signals, and limits.
_TO_ITSELF = {
    "kill": (62, 129), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
}  # fmt: skip
#: Commands that send signals to the owner of a file, change a file's flags, or type into a terminal.
_FCNTL, _SET_OWNER, _SET_SIGNAL, _SET_OWNER_EX, _SET_LEASE, _NOTIFY = (72, 25), 8, 10, 15, 1024, 1026
_IOCTL, _SET_FLAGS, _SET_ATTRIBUTES = (16, 29), 0x40086602, 0x401C5820
_SOCKET_OWNERS, _TYPE_IN, _TERMINAL = (0x8901, 0x8902), 0x5412, 0x541C
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_FIRST_UNKNOWN = 467  # Linux 6.16 and later
_CLONE_THREAD, _CLONE_NEW_ANYTHING = 0x00010000, 0x7E020000

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data, low words
_UNIX, _INET, _INET6, _STREAM = 1, 2, 10, 1

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def supported() -> bool:
    """Whether this architecture's call numbers are known here."""
    return platform.machine() in _AUDIT


def apply(*, processes: bool, tcp: bool, unix: bool, metadata: bool, own_pids: bool) -> None:
    """Filters this process and all it starts, for good. Needs ``no_new_privs``.

    ``processes`` allows children, ``tcp`` and ``unix`` new sockets of that kind, ``metadata`` chmod and the like.
    ``own_pids`` says that all processes it sees are its own; without, it reaches none but itself.
    """
    column = list(_AUDIT).index(platform.machine())
    refused = {**_NEVER, **({} if processes else _FORKING), **({} if metadata else _METADATA)}
    refused |= {} if own_pids else _TO_OTHERS
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, _AUDIT[platform.machine()]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if column == 0:
        program += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERROR | _EPERM)]
    for number in sorted(numbers[column] for numbers in refused.values() if numbers[column]):
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | _EPERM)]
    program += [
        (_JUMP_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _ERROR | _ENOSYS),
    ]  # libc falls back to clone
    program += [(_JUMP_AT_LEAST, 0, 1, _FIRST_UNKNOWN), (_RETURN, 0, 0, _ERROR | _ENOSYS)]
    program += _when(_CLONE[column], _clone_rules(processes))
    program += _when(_SOCKET[column], _socket_rules(tcp, unix))
    commands = [_SET_FLAGS, _SET_ATTRIBUTES, *_SOCKET_OWNERS, _TYPE_IN, _TERMINAL]
    program += _when(_IOCTL[column], _command_rules(commands))
    if not own_pids:
        program += _when(_FCNTL[column], _command_rules([_SET_OWNER, _SET_SIGNAL, _SET_OWNER_EX, _SET_LEASE, _NOTIFY]))
        for name, numbers in _TO_ITSELF.items():
            program += _when(numbers[column], _own_rules([os.getpid(), *([0] if name == "prlimit64" else [])]))
    program.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    loaded = _Program(len(program), ctypes.cast(code, ctypes.c_void_p))
    check(libc.prctl(22, 2, ctypes.byref(loaded), 0, 0), "seccomp")


def _when(number: int, rules: list[Instruction]) -> list[Instruction]:
    return [(_JUMP_EQUAL, 0, len(rules), number), *rules]


def _clone_rules(processes: bool) -> list[Instruction]:
    """Threads only, or any child that stays in the cell's namespaces."""
    if processes:
        test: Instruction = (_JUMP_SET, 0, 1, _CLONE_NEW_ANYTHING)
    else:
        test = (_JUMP_SET, 1, 0, _CLONE_THREAD)
    return [(_LOAD, 0, 0, _FIRST), test, (_RETURN, 0, 0, _ERROR | _EPERM), (_RETURN, 0, 0, _ALLOW)]


def _command_rules(refused: list[int]) -> list[Instruction]:
    """call(file, command): some commands are refused."""
    rules: list[Instruction] = [(_LOAD, 0, 0, _SECOND)]
    for command in refused:
        rules += [(_JUMP_EQUAL, 0, 1, command), (_RETURN, 0, 0, _ERROR | _EPERM)]
    return [*rules, (_RETURN, 0, 0, _ALLOW)]


def _own_rules(allowed: list[int]) -> list[Instruction]:
    """call(pid): only for these."""
    rules: list[Instruction] = [(_LOAD, 0, 0, _FIRST)]
    for pid in allowed:
        rules += [(_JUMP_EQUAL, 0, 1, pid), (_RETURN, 0, 0, _ALLOW)]
    return [*rules, (_RETURN, 0, 0, _ERROR | _EPERM)]


def _socket_rules(tcp: bool, unix: bool) -> list[Instruction]:
    """socket(domain, type): Unix and TCP sockets where allowed, nothing else."""
    rules: list[Instruction] = [
        (_LOAD, 0, 0, _FIRST),
        (_JUMP_EQUAL, 0, 1, _UNIX),
        (_RETURN, 0, 0, _ALLOW if unix else _ERROR | _EPERM),
    ]
    if tcp:
        rules += [
            (_JUMP_EQUAL, 1, 0, _INET),
            (_JUMP_EQUAL, 0, 4, _INET6),
            (_LOAD, 0, 0, _SECOND),
            (_AND, 0, 0, 0xF),
            (_JUMP_EQUAL, 0, 1, _STREAM),
            (_RETURN, 0, 0, _ALLOW),
        ]
    return [*rules, (_RETURN, 0, 0, _ERROR | _EAFNOSUPPORT)]
