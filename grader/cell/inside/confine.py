"""A forked process becomes a cell. The order is the point: each step still has the rights that it needs.

namespaces and mounts → files and listeners → Landlock rules opened → uid and capabilities dropped → limits →
Landlock and seccomp enforced → every other file closed. Only then is anything of the submission touched.
"""

from __future__ import annotations

import os
import resource
import socket

from grader.cell.inside import linux, seccomp
from grader.cell.inside.landlock import Ruleset
from grader.cell.inside.plan import SEALED_FOLDER, USERS, CellPlan, ZygotePlan

_DISK = "size=16m,nr_inodes=2048"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SAFE = linux.NO_SUID | linux.NO_DEVICES
_OPEN_FILES = 512
_HIGHEST_DESCRIPTOR = 1 << 16
_FILE_BYTES = 16 << 20
_TASKS = 128
_SHARED_MEMORY_MB = 2048  # address space on top of private memory: stacks, arenas and mappings


def confine(
    zygote: ZygotePlan, number: int, plan: CellPlan, files: dict[str, bytes], keep: set[int], errors: int
) -> list[socket.socket]:
    """Turns this freshly forked process into a cell; the listeners that were asked for come back.

    ``number`` tells it from the zygote's other cells: it gets a user of its own where the zygote may give one.
    ``keep`` are the descriptors that stay open; ``errors`` becomes standard error.
    """
    sealed, guarded = zygote.level == "sealed", zygote.level == "guarded"
    if zygote.level == "bare":
        linux.adopt_orphans()  # as pid 1 of a namespace does, so that all its descendants can be found
    else:
        linux.die_with_parent()
        linux.no_new_privileges()
    uid = zygote.first_uid + number % USERS if zygote.first_uid else 0
    if sealed:
        _own_view(zygote.readable, uid)
    _write(files, plan.folder)
    if sealed:
        linux.mount(None, SEALED_FOLDER, None, linux.REMOUNT | linux.BIND | linux.READ_ONLY | _SAFE)
    elif uid and plan.writable:
        os.chown(plan.folder, uid, uid)
    listeners = [socket.create_server(("127.0.0.1", port), backlog=512) for port in plan.listen] if sealed else []
    os.chdir(plan.folder)
    rules = None
    if sealed or guarded:
        rules = Ruleset(limit_tcp=guarded)
        rules.allow_reading([*zygote.readable, plan.folder, "/proc" if sealed else "/proc/self"])
        rules.allow_writing(_DEVICES)
        if sealed:
            rules.allow_writing(["/tmp", "/dev/shm"])
        elif plan.writable:
            rules.allow_writing([plan.folder])
        rules.allow_ports(plan.connect)
    if uid:
        linux.change_user(uid)
    if zygote.level != "bare":
        linux.drop_capabilities()
    _standard_streams(errors)
    _limit(plan, count_tasks=bool(uid) or sealed)
    os.setsid()  # else kill(0, ...) would reach the process group of the zygote, across the pid namespace
    if rules is not None:
        rules.enforce()
        seccomp.apply(
            processes=plan.processes,
            tcp=sealed or bool(plan.connect),
            unix=sealed,
            metadata=sealed or plan.writable,
            own_pids=sealed,
        )
    _close_all_but({0, 1, 2, *keep, *[listener.fileno() for listener in listeners]})
    return listeners


def _own_view(readable: list[str], uid: int) -> None:
    """Own network, mounts, IPC and host name; private, bounded /tmp and /dev/shm; a /proc of this cell only."""
    linux.unshare(linux.NEW_NETWORK | linux.NEW_MOUNTS | linux.NEW_IPC | linux.NEW_HOSTNAME)
    linux.mount(None, "/", None, linux.RECURSIVE | linux.PRIVATE)
    below_tmp = [(path, os.open(path, os.O_PATH)) for path in readable if path.startswith("/tmp/")]
    linux.mount("tmpfs", "/tmp", "tmpfs", _SAFE, f"{_DISK},mode=1777")
    for path, opened in below_tmp:  # an environment may live below /tmp
        if os.path.isdir(f"/proc/self/fd/{opened}"):
            os.makedirs(path, 0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
        linux.mount(f"/proc/self/fd/{opened}", path, None, linux.BIND)
        os.close(opened)
    owner = f",uid={uid},gid={uid}" if uid else ""
    linux.mount("tmpfs", "/dev/shm", "tmpfs", _SAFE, f"{_DISK},mode=700{owner}")
    linux.mount("tmpfs", SEALED_FOLDER, "tmpfs", _SAFE, f"{_DISK},mode=755")
    linux.mount("proc", "/proc", "proc", _SAFE | linux.NO_EXEC)
    linux.loopback_up()


def _write(files: dict[str, bytes], folder: str) -> None:
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def _standard_streams(errors: int) -> None:
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    os.dup2(errors, 2)


def _limit(plan: CellPlan, *, count_tasks: bool) -> None:
    memory = plan.memory_mb << 20
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_CPU: plan.cpu_s,
        resource.RLIMIT_FSIZE: _FILE_BYTES,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_AS: memory + (_SHARED_MEMORY_MB << 20),
    }
    if count_tasks:  # counted per user: without an own uid it would count the learner's other programs
        limits[resource.RLIMIT_NPROC] = _TASKS
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _close_all_but(keep: set[int]) -> None:
    """A fork keeps what an exec would have closed."""
    low = 0
    for descriptor in [*sorted(keep), _HIGHEST_DESCRIPTOR]:
        if low < descriptor:  # an empty range from 0 would close everything
            os.closerange(low, descriptor)
        low = descriptor + 1
