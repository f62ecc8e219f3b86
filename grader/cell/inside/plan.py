"""What the trusted side asks for when it orders a zygote or a cell. Both sides read these."""

from __future__ import annotations

import msgspec

#: Where a submission's files lie in a sealed cell.
SEALED_FOLDER = "/submission"
#: How many users a zygote that may change users takes turns with.
USERS = 60_000


class ZygotePlan(msgspec.Struct):
    """One warm process that cells are forked from."""

    level: str
    preload: list[str]
    companions: list[str]  # imported too, where they are there
    readable: list[str]  # files and folders that cells may read
    first_uid: int = 0  # cells get this uid and the following ones; 0 keeps the uid
    processes: bool = False


class CellPlan(msgspec.Struct):
    """One cell."""

    folder: str  # where the files lie; made by the trusted side unless sealed
    descriptors: list[str] = []  # names of the open files sent along after the first four
    listen: list[int] = []  # TCP ports of 127.0.0.1 to listen on; the listeners are sent back
    connect: list[int] = []  # TCP ports of the host that may be reached, where the cell has no network of its own
    processes: bool = False
    writable: bool = False
    memory_mb: int = 512
    cpu_s: int = 60
    virtual_time: bool = False


class Files(msgspec.Struct):
    """The content of a cell's folder: relative path -> bytes."""

    files: dict[str, bytes]
