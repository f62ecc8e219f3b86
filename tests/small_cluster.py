"""A broker, workers and a batch as processes that a test may kill at any moment and start again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.catalog import layout
from grader.services.valkey_server import find_server

REDELIVER_S = "2"  # after so many seconds without a sign of life a worker counts as dead


class SmallCluster:
    """Everything runs on this machine, in processes and files of its own."""

    def __init__(self, kit: Path, folder: Path) -> None:
        program = find_server()
        if program is None:
            pytest.skip("no Redis server here")
        self._program = program
        self._kit = kit
        self._data = folder / "broker"
        self._log = (folder / "log").open("ab")
        self._running: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.broker = self.start_broker()

    def start_broker(self) -> subprocess.Popen[bytes]:
        """The broker, with what is in its folder."""
        self._data.mkdir(exist_ok=True)
        options = {"port": self._port, "bind": "127.0.0.1", "dir": self._data, "save": "", "appendonly": "yes"}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self.broker = self._start([self._program, *words])
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except OSError:
                assert self.broker.poll() is None
                time.sleep(0.02)
            else:
                return self.broker

    def start_worker(self, *words: str, before: str = "") -> subprocess.Popen[bytes]:
        """A worker; ``before`` is code that it runs first."""
        return self._grader("worker", "--jobs", "1", "--redeliver", REDELIVER_S, *words, before=before)

    def start_batch(self, course: Path, out: Path, *words: str, before: str = "") -> subprocess.Popen[bytes]:
        """The batch, with a fixed seed; ``before`` as above."""
        words = ("--out", str(out), "--seed", "5", "--no-cache", *words)
        return self._grader("batch", str(course), "week1/first", "--engine", "celery", *words, before=before)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kills all of it at once."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._running.remove(process)

    def kill_broker(self, *, with_its_disk: bool) -> None:
        """Kills the broker; it comes back with what it had written down, or empty."""
        self.kill(self.broker)
        if with_its_disk:
            shutil.rmtree(self._data)
        self.start_broker()

    def close(self) -> None:
        """Ends everything."""
        for process in list(self._running):
            self.kill(process)
        self._log.close()

    def _grader(self, *words: str, before: str = "") -> subprocess.Popen[bytes]:
        code = f"{before}\nimport sys\nfrom grader.cli import main\nsys.exit(main())"
        return self._start([sys.executable, "-c", code, *words, "--kit", str(self._kit), "--broker", self.url])

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, cwd=layout.default_root(), start_new_session=True, stdout=self._log, stderr=subprocess.STDOUT
        )
        self._running.append(process)
        return process


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text().split()] if found.exists() else []


def kill_some_process_of(worker: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Kills the worker's main process alone, or one that grades."""
    pid = rng.choice([worker.pid, *children(worker.pid)])
    os.kill(pid, signal.SIGKILL)
    if pid == worker.pid:
        worker.wait()


def wait_until(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    """Waits while the process runs, which ends well if it ends."""
    while not condition() and process.poll() is None:
        time.sleep(0.02)
    assert process.poll() in (None, 0)
