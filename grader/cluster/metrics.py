"""How much a worker has done, for Prometheus. Counted by the processes that grade, added up by one that is asked."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from grader.catalog import layout
from grader.errors import UsageError
from grader.services.server_process import ServerProcess

if TYPE_CHECKING:
    from prometheus_client import Counter, Summary

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where the library's processes share what they have counted


class Metrics:
    """Counts nothing until it is served."""

    def __init__(self) -> None:
        self._server: ServerProcess | None = None
        self._tasks: Counter | None = None
        self._redelivered: Counter | None = None
        self._seconds: Summary | None = None

    def serve(self, port: int) -> None:
        """Counts from now on, and answers on ``port`` from a process that ends with this one.

        Raises:
            UsageError: the port is not to be had.
        """
        try:
            listener = socket.create_server(("", port))
        except OSError as error:
            raise UsageError(f"--metrics {port} cannot be opened: {error.strerror}") from None
        folder = Path(tempfile.mkdtemp(prefix="onspot-metrics-"))
        os.environ[_FOLDER] = str(folder)
        environment = {_FOLDER: str(folder), "PYTHONPATH": str(layout.default_root())}
        with listener:
            command = [sys.executable, "-m", __name__]
            self._server = ServerProcess(command, folder, channel=listener, environment=environment)
        from prometheus_client import Counter, Summary

        self._tasks = Counter("onspot_tasks", "Tasks that ended, by how", ["exercise", "outcome"])
        self._redelivered = Counter("onspot_redelivered", "Tasks that another worker had in hand before", ["exercise"])
        self._seconds = Summary("onspot_task_seconds", "Wall time of tasks that ended in a report", ["exercise"])

    def delivered(self, exercise: str, *, again: bool) -> None:
        """A task has come."""
        if again and self._redelivered is not None:
            self._redelivered.labels(exercise).inc()

    def ended(self, exercise: str, seconds: float, *, graded: bool) -> None:
        """It has ended in a report, or was refused."""
        if self._tasks is not None and self._seconds is not None:
            self._tasks.labels(exercise, "graded" if graded else "refused").inc()
            if graded:
                self._seconds.labels(exercise).observe(seconds)


def _answer_requests() -> None:
    """The server's whole life, on the socket that is its standard input."""
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    from prometheus_client import CollectorRegistry, make_wsgi_app
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    with socket.socket(fileno=sys.stdin.fileno()) as listener:
        server = WSGIServer(listener.getsockname(), WSGIRequestHandler, bind_and_activate=False)
        server.socket = listener
        server.server_name, server.server_port = "", listener.getsockname()[1]
        server.setup_environ()
        server.set_app(make_wsgi_app(registry))
        server.serve_forever()


if __name__ == "__main__":
    _answer_requests()
