"""The broker: Celery over Redis, set so that no death loses a task, and no task is worth more than one report."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from celery import Celery

from grader.errors import UsageError

QUEUE = "onspot"
UNACKED = "onspot.unacked"  # what workers have in hand, in Redis
GRADE, ASK = "onspot.grade", "onspot.ask"

#: Seconds without a sign of life after which a worker counts as dead. A living one gives three in that time, however
#: long its task takes (leases.py): this bounds no task, and may be short.
REDELIVER_S = 60.0


def make_app(url: str, redeliver_s: float = REDELIVER_S) -> Celery:
    """The Celery application at the Redis behind ``url``.

    Raises:
        UsageError: that is no address of a Redis.
    """
    if urlsplit(url).scheme not in ("redis", "rediss"):
        raise UsageError(f"--broker {shown_address(url)} is no address such as redis://localhost:6379/0")
    app = Celery("onspot", broker=url, set_as_current=False)
    app.conf.update(**_SETTINGS, broker_transport_options=_transport(redeliver_s))
    return app


def shown_address(url: str) -> str:
    """The address without the password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


_SETTINGS: dict[str, Any] = {
    # a task is done when its report is stored, and another worker's when this one dies over it
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_ignore_result": True,  # reports are kept by results.py, under names that outlive a delivery
    # nobody holds what somebody else could do
    "worker_prefetch_multiplier": 1,
    "task_default_queue": QUEUE,
    # plain values only
    "task_serializer": "json",
    "accept_content": ["json"],
    # Redis may go and come back, for as long as it takes; what is being graded meanwhile is graded to its end
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # whoever reaches the broker can have work graded, and no more
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_redirect_stdouts": False,
    "worker_proc_alive_timeout": 60.0,  # a process may start slowly on a busy machine
}


def _transport(redeliver_s: float) -> dict[str, Any]:
    """How kombu keeps its books in Redis. Under names of our own, since other programs may use the same one."""
    return {
        "visibility_timeout": redeliver_s,
        "unacked_restore_interval": redeliver_s / 3,
        "unacked_restore_throttle": 1,
        "unacked_key": UNACKED,
        "unacked_index_key": f"{UNACKED}.index",
        "unacked_mutex_key": f"{UNACKED}.mutex",
        "unacked_mutex_expire": max(1, int(redeliver_s)),  # a worker may die while it holds this
        "priority_steps": [0],  # one list for the queue, under the queue's own name
        "socket_keepalive": True,
    }
