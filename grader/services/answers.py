"""What an HTTP back end was asked, and what it can do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, sent ``delay`` seconds (of the check's clock) after the request came in.

    ``json`` makes the body and its content type. A ``content-length`` that promises more than ``body`` holds
    gives a truncated answer: the connection is closed after the body.
    """

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0

    def payload(self) -> tuple[list[tuple[str, str]], bytes]:
        """The headers and the body as they go out, without ``content-length``."""
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        if self.json is None:
            return headers, self.body
        if "content-type" not in dict(headers):
            headers.append(("content-type", "application/json"))
        return headers, json.dumps(self.json).encode()


@dataclass(frozen=True)
class Hang:
    """Never answer; wait until the client gives up."""


@dataclass(frozen=True)
class Reset:
    """Close the connection abruptly: the client's system sees a RST."""


Reaction: TypeAlias = Answer | Hang | Reset


@dataclass(eq=False)
class Request:
    """One request, recorded when its headers had come in.

    ``started`` and ``finished`` are seconds of the check's clock; ``finished`` is None while the request is
    in hand. ``aborted`` says that the client left before it had the whole answer. ``problem`` is why the
    request was refused without asking the handler; it is empty for a good request.
    """

    number: int  # arrival order, from 0
    method: str
    target: str  # as it was sent: "/items/a%20b?limit=5"
    path: str  # decoded: "/items/a b"
    query: dict[str, str]  # of several equal names the last
    headers: dict[str, str]  # lower-case names; equal names are joined by ", "
    started: float
    body: bytes = b""
    finished: float | None = None
    aborted: bool = False
    problem: str = ""

    def json(self) -> Any:
        """The body, read as JSON. Raises ValueError when it is not JSON."""
        return json.loads(self.body)
