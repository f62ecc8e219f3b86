"""The batch's side of the broker: puts tasks, takes outcomes, and puts again what the broker has lost.

A broker can lose a task: Redis keeps nothing over a restart unless told to, and a worker may be killed between taking a
message and writing down that it has it. So the batch looks, every few seconds, which of its tasks the broker still
holds. One that is twice in a row neither there nor answered is put again, under the same name: if both come to a worker
after all, the second finds the outcome of the first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import msgspec
from kombu.exceptions import OperationalError
from redis import RedisError

from grader.cluster.broker import ASK, GRADE, QUEUE, make_app, shown_address
from grader.cluster.results import Results, require_redis
from grader.cluster.work import Outcome, Question, Work

_LOOK_S = 0.05  # between two looks for outcomes
_CHECK_S = 2.0  # between two looks for what is lost
_SILENCE_S = 20.0  # without an outcome, after which a person may wonder
_AWAY = (RedisError, OperationalError, OSError)  # what is raised while no Redis answers


class Desk:
    """What this batch has put and not yet taken."""

    def __init__(self, broker: str, say: Callable[[str], None]) -> None:
        """``say`` is told what a person should know who waits.

        Raises:
            UnavailableError: no Redis answers.
            UsageError: the broker's address is none.
        """
        self._app = make_app(broker)
        self._results = Results(broker, patient=False)
        self._address = shown_address(broker)
        self._say = say
        self._put: dict[str, Work | Question] = {}
        self._absent: set[str] = set()
        self._checked = time.monotonic()
        self._is_away = False
        require_redis(broker)

    def put(self, name: str, asked: Work | Question) -> None:
        """Asks, under a name that is ``onspot-`` and 64 hexadecimal digits, unless it has been answered before."""
        self._put[name] = asked
        try:
            self._send(name)
        except _AWAY:
            self._notice(away=True)  # it is put again when it is found to be absent

    def take(self) -> dict[str, Outcome]:
        """The outcomes that have come, waiting for the first; each comes until it is settled or forgotten."""
        silent_at = time.monotonic() + _SILENCE_S
        while True:
            if time.monotonic() > silent_at:
                silent_at = math.inf
                self._say(
                    f"nothing has come from {self._address} for {_SILENCE_S:.0f} s: is a `grader worker` at work?"
                )
            try:
                if time.monotonic() - self._checked >= _CHECK_S:
                    self.check()
                found = self._results.found(list(self._put))
                self._notice(away=False)
            except _AWAY:
                self._notice(away=True)
            else:
                if found:
                    return found
            time.sleep(_LOOK_S)

    def check(self) -> None:
        """Puts again what is, for the second time in a row, neither at the broker nor answered."""
        held = self._results.held()
        answered = self._results.found(
            list(self._put)
        ).keys()  # looked at later, for it is answered before it is let go
        absent = self._put.keys() - held - answered
        lost = absent & self._absent
        for name in lost:
            self._send(name)
        if lost:
            self._say(f"{len(lost)} lost at {self._address} and put again")
        self._absent = absent - lost
        self._checked = time.monotonic()

    def settle(self, name: str) -> None:
        """Lets go of an outcome that is safe elsewhere."""
        self._let_go(name, self._results.settle)

    def forget(self, name: str) -> None:
        """Lets go of an outcome, so that the same can be asked again."""
        self._let_go(name, self._results.forget)

    def close(self) -> None:
        """Lets go of the broker; what was put stays there."""
        self._results.close()
        self._app.close()

    def _let_go(self, name: str, how: Callable[[str], None]) -> None:
        del self._put[name]
        self._absent.discard(name)
        try:
            how(name)
        except RedisError:
            self._notice(away=True)  # it will be forgotten in time

    def _send(self, name: str) -> None:
        if not self._results.awaits(name):
            return
        asked = self._put[name]
        values: dict[str, Any] = msgspec.to_builtins(asked)
        kind, what = (GRADE, asked.exercise) if isinstance(asked, Work) else (ASK, "isolation")
        self._app.send_task(
            kind, [name, values], task_id=name, queue=QUEUE, argsrepr=what, retry=False, ignore_result=True
        )

    def _notice(self, *, away: bool) -> None:
        if away and not self._is_away:
            self._say(f"{self._address} does not answer; waiting for it")
        self._is_away = away
