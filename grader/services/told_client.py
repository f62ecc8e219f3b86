"""The suite's own client of a Redis, with each of its commands told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import redis

#: Told the words of a command and its reply.
Tell = Callable[[tuple[Any, ...], Any], object]


def told(client: redis.Redis, tell: Tell) -> redis.Redis:
    """The same ``client``; commands in a pipeline are told without a reply, when they are put into it."""
    execute: Callable[..., Any] = client.execute_command  # which is not typed
    pipeline = client.pipeline

    def execute_command(*words: Any, **options: Any) -> Any:
        reply = execute(*words, **options)
        tell(words, None if reply is client else reply)
        return reply

    def told_pipeline(*args: Any, **options: Any) -> redis.Redis:
        return told(pipeline(*args, **options), tell)

    vars(client).update(execute_command=execute_command, pipeline=told_pipeline)
    return client
