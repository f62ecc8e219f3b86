"""A real part, such as a service or the virtual clock, whose every use by the suite is told to the recorder."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from grader.cell.deaths import CellEnded
from grader.services.answers import Answer, Hang
from grader.suite.curl import one_line
from grader.suite.keeping import Written
from grader.suite.recording import Recorder
from grader.suite.shortly import shortly

_PLAIN = (bool, int, float, list, tuple, type(None))


class Watched:
    """Stands in for ``thing``, which the program of a repro file calls ``name``."""

    def __init__(self, thing: Any, name: str, recorder: Recorder) -> None:
        vars(self).update(_thing=thing, _name=name, _recorder=recorder)

    def __getattr__(self, attribute: str) -> Any:
        value, path = getattr(self._thing, attribute), f"{self._name}.{attribute}"
        if attribute == "requests":
            requests = self._recorder.given.of_example(self._name, asked(self._thing))
            self._recorder.observe(f"asked({self._name})", requests)
        elif isinstance(value, _PLAIN):
            self._recorder.observe(path, value)
        elif callable(value):
            return self._told(value, path)
        elif not isinstance(value, (str, bytes)):
            return Watched(value, path, self._recorder)
        return value

    def __enter__(self) -> Any:
        self._thing.__enter__()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> Any:
        self._recorder.note(f"{self._name}.{'close' if error is None else 'drop'}()")
        return self._thing.__exit__(kind, error, trace)

    def __setattr__(self, attribute: str, value: Any) -> None:
        self._recorder.note(f"{self._name}.{attribute} = {value!r}", is_statement=True)
        setattr(self._thing, attribute, value)

    def _told(self, call: Callable[..., Any], path: str) -> Callable[..., Any]:
        def use(*args: Any, **kwargs: Any) -> Any:
            step = self._recorder.use(path, args, kwargs, is_async=inspect.iscoroutinefunction(call))
            try:
                made = call(*args, **kwargs)
            except (Exception, CellEnded) as error:
                self._recorder.used(step, error)
                raise
            if not step.is_awaited:
                self._recorder.used(step, made if isinstance(made, (*_PLAIN, str, bytes)) else None)
                return made
            return _awaited(made, lambda: self._recorder.used(step, None))

        return use


async def _awaited(made: Any, done: Callable[[], None]) -> Any:
    value = await made
    done()
    return value


def asked(service: Any) -> list[tuple[str, str, float]]:
    """What a service was asked: method, target and the moment of each request."""
    return [(request.method, request.target, round(request.started, 3)) for request in service.requests]


def printed_lines(text: str) -> list[Any]:
    """What was printed, line by line; a line that is a JSON object as that object."""
    lines: list[Any] = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = line
        lines.append(value if isinstance(value, dict) else line)
    return lines


def as_function(handler: Any) -> Any:
    """A handler that may be a mapping from path to answer, as a function."""
    if isinstance(handler, Mapping):
        return lambda request: handler.get(request.path, Answer(404))
    return handler


def told_handler(handler: Any, tell: Callable[[Any, Any], None]) -> Any:
    """The handler; ``tell`` is told each request and its answer."""

    def note(request: Any, reaction: Any) -> Any:
        tell(request, reaction)
        return reaction

    if inspect.iscoroutinefunction(handler):

        async def handle_async(request: Any) -> Any:
            return note(request, await handler(request))

        return handle_async
    return lambda request: note(request, handler(request))


def said_shortly(reaction: Any) -> Written:
    """``503 after 0.5 s``."""
    if isinstance(reaction, Answer):
        after = f" after {reaction.delay:g} s" if reaction.delay else ""
        body = reaction.payload()[1]
        shown = f" {shortly(one_line(body[:400].decode('utf-8', 'replace')), 80, quote=False)}" if body else ""
        return Written(f"{reaction.status}{shown}{after}")
    return Written("no answer" if isinstance(reaction, Hang) else "a connection that is reset")


class WatchedSite(Watched):
    """A served app. Its clients tell of their requests themselves; its WebSockets are watched."""

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._thing, attribute)
        if attribute in ("client", "async_client"):
            return value
        if attribute != "websocket":
            return self._told(value, f"{self._name}.{attribute}")

        def websocket(*args: Any, **kwargs: Any) -> Any:
            step = self._recorder.use(f"{self._name}.websocket", args, kwargs)
            step.name = self._recorder.names.fresh("socket")
            try:
                opened = value(*args, **kwargs)
            except (Exception, CellEnded) as error:
                self._recorder.used(step, error)
                raise
            self._recorder.used(step, None)
            return Watched(opened, step.name, self._recorder)

        return websocket
