"""What must happen beside the submission: its database is changed, its sources of chance are replayed."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

_kept = sqlite3.connect(":memory:", check_same_thread=False)


def hide_rows(path: str) -> str:
    """Delete every row of every table, keeping a copy; gives what went wrong, or ""."""
    if not Path(path).exists():
        return "there is no such file"
    try:
        with closing(sqlite3.connect(path)) as live:
            live.backup(_kept)
            tables = live.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            with live:
                for (name,) in tables:
                    if not name.startswith("sqlite_"):
                        live.execute(f'DELETE FROM "{name}"')
    except sqlite3.Error as error:
        return str(error)
    return "" if tables else "it holds no tables"


def restore_rows(path: str) -> str:
    """Put the copy back; gives what went wrong, or ""."""
    try:
        with closing(sqlite3.connect(path)) as live:
            _kept.backup(live)
    except sqlite3.Error as error:
        return str(error)
    return ""


_holders: list[sqlite3.Connection] = []


def hold_writes(path: str, seconds: float) -> None:
    """Take the write lock of the database, as another process that writes would, for at most ``seconds``."""
    if not Path(path).exists():
        return
    holder = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    _holders.append(holder)
    with suppress(sqlite3.Error):
        holder.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(seconds, holder.close)
        timer.daemon = True
        timer.start()


def let_writes_go() -> None:
    """Give the write lock back."""
    while _holders:
        _holders.pop().close()


class _Tape:
    """Random bytes that are written down, and come again after ``rewind``."""

    def __init__(self) -> None:
        self.drawn = bytearray()
        self.again = bytearray()
        self.source = os.urandom

    def draw(self, size: int) -> bytes:
        old = bytes(self.again[:size])
        del self.again[:size]
        new = old + self.source(size - len(old))
        self.drawn += new
        return new


_tape = _Tape()


def record_chance() -> None:
    """From now on, write down what the operating system's random source gives to this process."""
    _tape.drawn.clear()
    _replace_source()


def repeat_chance() -> None:
    """Give the bytes that were written down once more, and fresh ones after them."""
    _tape.again = bytearray(_tape.drawn)
    _replace_source()


def _replace_source() -> None:
    """For the submission: a driver has modules of its own, and finds the submission's unchanged at each call."""
    for module, name in (("os", "urandom"), ("random", "_urandom")):  # the latter is the one that `secrets` uses
        setattr(sys.modules[module], name, _tape.draw)


def seed(number: int) -> None:
    """Set the state of the module ``random``, as anybody can who has seen enough of its numbers."""
    random.seed(number)
