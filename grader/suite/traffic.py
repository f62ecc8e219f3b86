"""What a suite exchanges with a served app, told to those who keep what happens in a check."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from grader.suite.curl import curl, is_usual, outcome
from grader.suite.names import drawn
from grader.suite.recording import Recorder

_VOLATILE = frozenset({"date", "server", "content-length", "connection", "keep-alive", "set-cookie", "etag"})

#: Told the answer, or why there is none.
Told = Callable[[httpx.Response | str], None]
#: Keeps a text and gives what puts another in its place.
Line = Callable[[str], Callable[[str], object]]


class Traffic:
    """The exchanges with one app, which transcripts show at ``address``: ``line`` keeps each as a ``curl`` command,
    ``recorder`` as a step.
    """

    def __init__(self, line: Line, address: str, recorder: Recorder | None = None, name: str = "site") -> None:
        self.line, self.address = line, address
        self._recorder = recorder
        self._name = name

    def begin(self, request: httpx.Request, base: str, *, is_async: bool) -> Told:
        """A request goes out; the answer is to be told how it ended."""
        recorded: Told | None = None
        if self._recorder is not None:
            recorded = _step(self._recorder, self._name, request, base, is_async)
        command = curl(request, base, self.address)
        replace = self.line(command)  # now, so that what the app does for it comes after it

        def told(answer: httpx.Response | str) -> None:
            if recorded is not None:
                recorded(answer)
            replace(f"{command}\n# -> {answer if isinstance(answer, str) else outcome(answer)}")

        return told


def answered(response: httpx.Response) -> dict[str, Any]:
    """What can be compared of an answer: its status, its headers but for those that change, its body."""
    headers = {name: value for name, value in response.headers.items() if name not in _VOLATILE}
    return {"status": response.status_code, "headers": headers, "body": _read(response.content)}


def _step(recorder: Recorder, name: str, request: httpx.Request, base: str, is_async: bool) -> Told:
    address = str(request.url).removeprefix(base)
    host = base.partition("://")[2]
    headers = {key: value for key, value in request.headers.items() if not is_usual(key, value, host)}
    call: dict[str, Any] = {}
    try:
        content = request.content
    except httpx.RequestNotRead:
        content = b""
    body = _read(content)
    if headers.get("content-type") == "application/json" and _is_made_of(content, body):
        call["json"] = body
        del headers["content-type"]
    elif content:
        call["content"] = content
    if headers:
        call["headers"] = headers
    path = f"{name}.exchange_async" if is_async else f"{name}.exchange"
    step = recorder.use(path, (request.method, address), call, is_async=is_async)

    def finish(answer: httpx.Response | str) -> None:
        if isinstance(answer, str):
            recorder.used(step, httpx.RequestError(answer))
            return
        recorder.used(step, value := answered(answer))
        for path, word in drawn(value["body"], "['body']"):
            recorder.draw(step, path, word)

    return finish


def _is_made_of(content: bytes, body: Any) -> bool:
    """Whether a client that is given ``body`` sends those very bytes."""
    try:
        return isinstance(body, (dict, list)) and httpx.Request("POST", "http://x", json=body).content == content
    except (ValueError, RecursionError):  # such as NaN
        return False


def _read(content: bytes) -> Any:
    """The body as JSON, or as text, or as it is."""
    try:
        return json.loads(content) if content else ""
    except (ValueError, RecursionError):
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content
