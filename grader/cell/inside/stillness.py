"""Whether all other threads of this process are asleep, by the kernel's own account.

A thread that waits for the interpreter's lock sleeps in the kernel like one that waits for a network
packet, so one look does not tell. But every look lets go of the interpreter's lock for a moment, which
wakes whoever waits for it. So a thread that sleeps in two looks, and was not switched to between them,
waits for something else: another thread, a socket, a moment of virtual time. If that holds for all threads,
none of them will run again until something from outside wakes one; and whatever has woken one shows in its
count of switches.

Limits: a wait with a real timeout inside C code (SQLite's busy handler, a C library's own sleep) looks like
any other sleep, and child processes are not looked at.
"""

from __future__ import annotations

import os
import threading

#: Of every other thread, by its number: how often it has been switched away from.
Switches = dict[str, bytes]

_STATE = b"\nState:\t"
_SWITCHES = b"\nvoluntary_ctxt_switches:"
_ASLEEP, _ENDED = b"S", (b"Z", b"X")


class Stillness:
    """Watches all threads but the one that calls. Raises ``OSError`` where /proc cannot be read."""

    def __init__(self) -> None:
        self._tasks = os.open("/proc/self/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def confirm(self) -> Switches | None:
        """What two looks agree on when all other threads are asleep; None when one is not."""
        first = self.look()
        return first if first is not None and self.look() == first else None

    def look(self) -> Switches | None:
        """One look: every other thread's switches, or None when one of them is awake."""
        caller = str(threading.get_native_id())
        switches: Switches = {}
        for task in os.listdir(self._tasks):
            if task != caller:
                status = self._status(task)
                start = status.find(_STATE) + len(_STATE)
                state = status[start : start + 1]
                if state == _ASLEEP:
                    switches[task] = status[status.find(_SWITCHES) :]
                elif state not in _ENDED:
                    return None
        return switches

    def _status(self, task: str) -> bytes:
        try:
            opened = os.open(f"{task}/status", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._tasks)
        except FileNotFoundError:
            return b""  # it has just ended, which the next look shows
        try:
            return os.read(opened, 8192)
        except ProcessLookupError:
            return b""
        finally:
            os.close(opened)
