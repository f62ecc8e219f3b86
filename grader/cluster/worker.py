"""A worker: a Celery worker whose processes grade, each one submission at a time."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from celery import signals

from grader import __version__
from grader.catalog import Catalog
from grader.cell.levels import open_cells
from grader.cluster.answering import Answering
from grader.cluster.broker import ASK, GRADE, make_app, shown_address
from grader.cluster.leases import Leases
from grader.cluster.metrics import Metrics
from grader.cluster.results import Results, require_redis
from grader.cluster.work import Outcome, Question, Work, versions_here
from grader.model import Level
from grader.suite.warm import warm_up_for_many

#: Deaths of workers over one task, after which nobody is given it any more.
MAX_DELIVERIES = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    broker: str
    require: Level | None
    processes: int
    redeliver_s: float
    metrics_port: int | None


def run_worker(catalog: Catalog, wanted: Wanted) -> int:
    """Works until it is told to stop (SIGTERM, Ctrl-C: once what is in hand is done); returns the exit status.

    Raises:
        UnavailableError: this machine has not the level that is required, or no Redis answers.
        UsageError: the broker's address is none, or the port is taken.
    """
    app = make_app(wanted.broker, wanted.redeliver_s)
    require_redis(wanted.broker)
    cells = open_cells(require=wanted.require, allow_bare=wanted.require is Level.BARE)
    cells.close()
    name = f"{socket.gethostname()}-{os.getpid()}"
    versions_here()  # of the code as it is loaded now, whatever a checkout brings later
    metrics = Metrics()
    if wanted.metrics_port is not None:
        metrics.serve(wanted.metrics_port)
    warm_up_for_many()
    answering = Answering(name, catalog, wanted.require)
    tasks = Tasks(answering, Results(wanted.broker, patient=True), metrics)
    app.task(tasks.grade, name=GRADE)
    app.task(tasks.ask, name=ASK)
    app.steps["consumer"].add(Leases)
    signals.worker_process_shutdown.connect(lambda **_: answering.close(), weak=False)
    worker = app.Worker(
        hostname=name,
        concurrency=wanted.processes,
        loglevel="INFO",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    level, places = cells.isolation.level, f"{wanted.processes} at once"
    print(f"{name}: kit {__version__}, {level}, {places}, from {shown_address(wanted.broker)}", flush=True)
    worker.start()
    return cast("int", worker.exitcode or 0)


class Tasks:
    """What the processes of the worker run for each message."""

    def __init__(self, answering: Answering, results: Results, metrics: Metrics) -> None:
        self._answering = answering
        self._results = results
        self._metrics = metrics

    def grade(self, name: str, asked: dict[str, Any]) -> None:
        """Grades, unless an earlier delivery has an outcome already."""
        exercise = str(asked.get("exercise"))
        deliveries = self._results.deliveries(name)
        self._metrics.delivered(exercise, again=deliveries > 1)
        if self._results.is_answered(name):
            return
        began = time.monotonic()
        if deliveries > MAX_DELIVERIES:
            outcome = self._answering.refuse(f"{MAX_DELIVERIES} workers have died over it; their logs may say why")
        else:
            outcome = self._answer(asked, Work)
        self._results.answer(name, outcome)
        if outcome.refusal:
            print(f"{exercise} refused: {outcome.refusal}", file=sys.stderr, flush=True)
        self._metrics.ended(exercise, time.monotonic() - began, graded=outcome.report is not None)

    def ask(self, name: str, asked: dict[str, Any]) -> None:
        """Says which isolation this worker gives."""
        self._results.answer(name, self._answer(asked, Question))

    def _answer(self, asked: dict[str, Any], form: type[Work | Question]) -> Outcome:
        try:
            return self._answering.answer(msgspec.convert(asked, form))
        except msgspec.ValidationError as error:
            mend = "bring both to one version and start it again"
            return self._answering.refuse(f"it has kit {__version__} and cannot read what came ({error}); {mend}")
