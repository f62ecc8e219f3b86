"""How a cell tells of its calls: a recorder is told of each, and answers with a function to be told the outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Told a value, or the exception that ended the call.
Outcome = Callable[[Any], None]
#: ``record(kind, target, name, args, kwargs)``; kinds are get, set, call, method, operate, await and back.
Recorder = Callable[[str, Any, str, tuple[Any, ...], dict[str, Any]], Outcome]


def forget(_outcome: Any) -> None:
    """An outcome that nobody wants to know."""


def record_nothing(*_call: Any) -> Outcome:
    """A recorder that keeps nothing."""
    return forget
