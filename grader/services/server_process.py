"""A server of ours in a process and a folder of its own, both of which vanish with us, however we end."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

#: Runs a server with bounded memory (KiB), where the system knows how to bound it.
LAUNCHER = 'ulimit -c 0; ulimit -v 1048576 2>/dev/null; exec "$@"'

#: Waits until the pipe to us breaks, then kills the server and removes its folder.
REAPER = 'read -r _; kill -KILL "$1"; rm -rf "$2"'


def make_folder() -> Path:
    """A private folder with a short name: the path of a Unix socket may not pass some 100 bytes."""
    short = Path("/tmp")  # noqa: S108 - mkdtemp makes the folder safely
    return Path(tempfile.mkdtemp(prefix="onspot-redis-", dir=short if short.is_dir() else None))


class ServerProcess:
    """``command`` runs in ``folder`` until :meth:`stop`, or until this process has gone.

    Its standard input is ``channel`` when there is one; what it prints is thrown away.
    """

    def __init__(
        self,
        command: list[str],
        folder: Path,
        *,
        channel: socket.socket | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._server = subprocess.Popen(  # noqa: S603 - the command is ours
            ["/bin/sh", "-c", LAUNCHER, "launcher", *command],
            stdin=subprocess.DEVNULL if channel is None else channel.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **(environment or {})},
            start_new_session=True,
        )
        self._reaper = subprocess.Popen(  # noqa: S603 - as above
            ["/bin/sh", "-c", REAPER, "reaper", str(self._server.pid), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        return self._server.poll() is None

    def stop(self) -> None:
        """Kill the server and remove its folder. Nothing in it is worth saving."""
        if not self.alive:  # its number may be somebody else's by now
            self._reaper.kill()
        assert self._reaper.stdin is not None
        with contextlib.suppress(OSError):
            self._reaper.stdin.close()
        self._reaper.wait()
        self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
