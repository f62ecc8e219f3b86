"""The fixture ``web``: the submission's ASGI app, served inside the cell by a real server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from grader.cell.budget import Patience
from grader.cell.deaths import CellEnded
from grader.cell.remote import Remote
from grader.suite.misuse import MisuseError
from grader.suite.session import Session
from grader.suite.watched import WatchedSite

_PORT = 8000  # where a learner's own server is likely to listen


def local(number: int) -> str:
    """Where a learner serves the app that a check serves as its first (0), its second, and so on."""
    return f"http://localhost:{_PORT + number}"


class Web:
    """Serves the submission's ASGI app inside the cell."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._paths = session.listen_for_sites()
        self._used = 0

    def serve(self, factory: str, *args: Any, processes: int = 0, **kwargs: Any) -> Any:
        """The app made by the module's function ``factory``: a site, or a list of ``processes`` sites."""
        count = processes or 1
        if self._used + count > len(self._paths):
            raise MisuseError(f"at most {len(self._paths)} sites in one check")
        numbers = range(self._used, self._used + count)
        self._used += count
        cell = self._session.cell
        make = getattr(self._session.subject, factory)
        descriptors = [cell.descriptor(f"site{number}") for number in numbers]
        with self._told(factory, args, kwargs, numbers, processes) as name, self._session.telling.quietly():
            web = cell.import_module("grader.cell.inside.web")
            if not processes:
                alone = web.serve(make, descriptors[0], list(args), kwargs)
                self._session.telling.apps.append(lambda: alone.raised())
                return self._site(numbers[0], alone, name)
            served = web.serve_forked(make, descriptors, list(args), kwargs)
            sites = [served[place] for place in range(processes)]
        return [self._site(number, sites[place], f"{name}[{place}]") for place, number in enumerate(numbers)]

    @contextlib.contextmanager
    def _told(
        self, factory: str, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: range, processes: int
    ) -> Iterator[str]:
        """Has what is served kept, by the name that is given."""
        transcript, recorder = self._session.transcript, self._session.recorder
        where = " and ".join(local(number) for number in numbers)
        by = f"by {processes} processes, " if processes else ""
        done = transcript.record("serve", f"{by}at {where}", factory, args, kwargs)
        step, name = None, "site"
        if recorder is not None:
            recorder.kit.add("web")
            name = recorder.names.fresh("sites" if processes else "site")
            count = {"processes": processes} if processes else {}
            step = recorder.use("parts.serve", (factory, *args), kwargs | count)
            step.name, step.remark = name, where
        try:
            yield name
        except (Exception, CellEnded) as error:
            done(error)
            if recorder is not None and step is not None:
                recorder.used(step, error)
            raise
        done(None)
        if recorder is not None and step is not None:
            recorder.used(step, None)

    def _site(self, number: int, served: Remote, name: str) -> Any:
        from grader.suite.traffic import Traffic
        from grader.suite.web import Site

        session = self._session

        call_s = session.run.options.timeout or session.run.exercise.limits.call_s

        def stop() -> None:
            session.transcript.line(f"# the app at {local(number)} is stopped")
            with session.telling.quietly():
                served.stop()

        site = Site(
            str(self._paths[number]),
            Traffic(session.transcript.line, local(number), session.recorder, name),
            stop,
            lambda: Patience(call_s, session.budget),
            session.waiting,
        )
        session.closing(site.close)
        return site if session.recorder is None else WatchedSite(site, name, session.recorder)
