"""Landlock: which files may be read or written, which TCP ports reached. https://docs.kernel.org/userspace-api/landlock.html"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from grader.cell.inside.linux import check, libc

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_RULE_PATH, _RULE_PORT = 1, 2
_EXECUTE, _READ_FILE, _READ_FOLDER = 1, 4, 8
_WRITE_FILE, _TRUNCATE, _DEVICE_CONTROL = 2, 1 << 14, 1 << 15
_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPES = 3  # abstract Unix sockets and signals
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}
#: From this version on TCP ports are covered: without namespaces of its own a cell needs that.
TCP_ABI = 4
#: From this version on abstract Unix sockets and signals are covered, which seccomp refuses anyway.
SCOPES_ABI = 6


def abi() -> int:
    """The version that this kernel offers, 0 for none."""
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


class Ruleset:
    """Rules that are collected while files may still be opened, and enforced later."""

    def __init__(self, *, limit_tcp: bool) -> None:
        version = abi()
        needed = TCP_ABI if limit_tcp else 1
        if version < needed:
            raise OSError(f"this kernel offers Landlock ABI {version}, {needed} is needed")
        self._rights = (1 << _RIGHTS_BY_ABI.get(version, 16)) - 1
        self._limits_tcp = limit_tcp
        scopes = _SCOPES if version >= SCOPES_ABI else 0
        network = _BIND_TCP | _CONNECT_TCP if self._limits_tcp else 0
        size = 8 if version < TCP_ABI else 16 if version < SCOPES_ABI else 24
        attributes = struct.pack("QQQ", self._rights, network, scopes)[:size]
        created = libc.syscall(_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
        self._descriptor = check(created, "landlock_create_ruleset")

    def allow_reading(self, paths: Iterable[str]) -> None:
        """Files and folders (with all below) that may be read and executed; missing ones are passed over."""
        self._allow(paths, _EXECUTE | _READ_FILE | _READ_FOLDER)

    def allow_writing(self, paths: Iterable[str]) -> None:
        """Files and folders (with all below) that may be used in every way."""
        self._allow(paths, self._rights)

    def allow_ports(self, ports: Iterable[int]) -> None:
        """TCP ports that may be connected to."""
        if self._limits_tcp:
            for port in ports:
                rule = struct.pack("QQ", _CONNECT_TCP, port)
                check(libc.syscall(_ADD, self._descriptor, _RULE_PORT, rule, 0), f"landlock port {port}")

    def enforce(self) -> None:
        """Holds this process and all it starts to the rules, for good."""
        check(libc.syscall(_RESTRICT, self._descriptor, 0), "landlock_restrict_self")
        os.close(self._descriptor)

    def _allow(self, paths: Iterable[str], rights: int) -> None:
        for path in paths:
            try:
                opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            if not os.path.isdir(path):
                file_rights = _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE | _DEVICE_CONTROL
                applied = rights & file_rights & self._rights
            else:
                applied = rights
            rule = struct.pack("=Qi", applied, opened)
            check(libc.syscall(_ADD, self._descriptor, _RULE_PATH, rule, 0), f"landlock path {path}")
            os.close(opened)
