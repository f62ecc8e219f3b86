"""The fixture ``services``: real parts, such as an HTTP back end or Redis, that a check offers to its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from grader.suite.requests import by_check
from grader.suite.session import Session
from grader.suite.watched import Watched, as_function, told_handler

if TYPE_CHECKING:  # imported where they are used: most suites need none of them
    from grader.services.answers import Reaction, Request
    from grader.services.http import Handler, HttpService
    from grader.services.redis import RedisService

_REDIS_PORT = 6379


class Services:
    """Makes the real parts that a check offers to its cell."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made = 0
        self._redises = 0

    def http(self, handler: Handler, url: str = "") -> HttpService:
        """An HTTP back end that answers and misbehaves as ``handler`` says, and records what it was asked.

        ``url`` is where it must be reached, if not anywhere.
        """
        from grader.services.http import HttpService

        session, clock = self._session, self._session.service_clock
        recorder, own = session.recorder, as_function(handler)
        self._made += 1
        name = f"backend{self._made}" if self._made > 1 else "backend"

        def tell(request: Request, said: Reaction) -> None:
            session.telling.asked(name, request, said, is_virtual=session.clock is not None)

        handler = told_handler(own, tell)

        def make(url: str) -> HttpService:
            return HttpService(url, handler, session.run.loop, clock)

        port = int(url.rpartition(":")[2]) if url else None
        backend: HttpService = session.offer(make, "http", port, same=bool(url))
        if recorder is None:
            return backend
        recorder.kit.add("services")
        table = recorder.given.service(name, backend.url, own, clock.now)
        recorder.note(f"parts.http({table}, {backend.url!r})", name=name)
        return cast("HttpService", Watched(backend, name, recorder))

    def redis(self) -> RedisService:
        """A Redis server: a real one, or fakeredis on the virtual clock where time is virtual."""
        from grader.services.redis import RedisService

        session, clock = self._session, self._session.clock
        self._redises += 1
        called = f"redis{self._redises}" if self._redises > 1 else "redis"

        def sent(command: list[str]) -> None:
            session.telling.sent(called, command, clock.now() if clock is not None else None)

        def changed(how: str) -> None:
            session.transcript.line(f"# {called} {how}")

        def own(words: tuple[Any, ...], reply: Any) -> None:
            session.transcript.line(by_check(called, words, reply))

        def make(url: str) -> RedisService:
            return RedisService(
                url, session.run.loop, session.service_clock,
                virtual=clock is not None, sent=sent, changed=changed, own=own,
            )  # fmt: skip

        redis: RedisService = session.offer(make, "redis", _REDIS_PORT)
        if redis.kind not in session.run.services:
            session.run.services.append(redis.kind)
        if session.recorder is None:
            return redis
        session.recorder.kit.add("services")
        name = session.recorder.names.fresh("redis")
        session.recorder.names.places[redis.url] = f"{name}.url"
        session.recorder.note("parts.redis()", name=name)
        return cast("RedisService", Watched(redis, name, session.recorder))
