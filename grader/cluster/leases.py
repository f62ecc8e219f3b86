"""A worker's signs of life: what it has in hand stays its own while it lives, and is another's soon after it dies.

Kombu gives a message to another worker when it has been in hand for longer than the visibility timeout, which would
have to be longer than the longest task. Here the time is counted from the last sign of life instead. The clocks of the
machines may differ by less than the timeout; when they differ by more, work is done twice, and one report is kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from celery import bootsteps
from celery.worker import state
from redis import RedisError


class Leases(bootsteps.StartStopStep):
    """Renews, in the worker's main process, the time of every message in hand."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """Begins to renew, after each connection anew."""
        timeout = consumer.app.conf.broker_transport_options["visibility_timeout"]
        self._timer = consumer.timer.call_repeatedly(timeout / 3, self._renew, (consumer,))

    def stop(self, _consumer: Any) -> None:
        """Ends renewing."""
        if self._timer is not None:
            self._timer.cancel()

    def _renew(self, consumer: Any) -> None:
        in_hand = {*state.reserved_requests, *state.active_requests}
        with suppress(RedisError):  # the consumer notices as well, and connects again
            renew(consumer.task_consumer, in_hand)


def renew(consumer: Any, requests: Iterable[Any]) -> None:
    """Counts the time of these anew; of those that are still in hand, as the broker sees it."""
    times = {request.message.delivery_tag: time.time() for request in requests}
    if times:
        with consumer.channel.conn_or_acquire() as client:
            client.zadd(consumer.channel.unacked_index_key, times, xx=True)
