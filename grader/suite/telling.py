"""What happens in a check, told to those who keep it: the transcript, and the recorder where there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.recording import Outcome, forget
from grader.suite.recording import Recorder
from grader.suite.transcript import Transcript
from grader.suite.watched import said_shortly

if TYPE_CHECKING:  # heavy, and most suites have no service
    from grader.services.answers import Request

_MOST_RAISED = 5_000  # characters: it is the cell that tells, and it may tell anything


class Telling:
    """``record`` is a cell's recorder."""

    def __init__(self, transcript: Transcript, recorder: Recorder | None) -> None:
        self.transcript = transcript
        self.recorder = recorder
        #: Tell what a served app has raised last while it answered.
        self.apps: list[Callable[[], Any]] = []
        self._is_quiet = False

    def record(self, kind: str, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
        """Tells both of those who keep what happens."""
        if self._is_quiet:
            return forget
        told = self.transcript.record(kind, target, name, args, kwargs)
        if self.recorder is None:
            return told
        recorded = self.recorder.record(kind, target, name, args, kwargs)

        def finish(outcome: Any) -> None:
            told(outcome)
            recorded(outcome)

        return finish

    def not_imported(self, failure: SubmissionError | CellEnded) -> None:
        """The submission cannot be imported."""
        self.transcript.not_imported(failure)
        if self.recorder is not None:
            self.recorder.not_imported(failure)

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """What happens inside is the grader's own doing, of which nobody keeps anything."""
        self._is_quiet = True
        try:
            yield
        finally:
            self._is_quiet = False

    def raised_by_apps(self) -> list[str]:
        """What served apps have raised last while they answered, as far as they still tell."""
        found = []
        for app in self.apps:
            with self.quietly(), contextlib.suppress(Exception, CellEnded):
                found.append(app())
        return list(dict.fromkeys(text[:_MOST_RAISED] for text in found if text and isinstance(text, str)))

    def asked(self, service: str, request: Request, said: Any, *, is_virtual: bool) -> None:
        """What the submission has asked of a service, and what that says to it."""
        asked = (request.method, request.target)
        moment = f"at {request.started:.4g} s, " if is_virtual else ""
        self.transcript.beside("asked", f"{moment}{service}", asked, said_shortly(said))
        if self.recorder is not None:
            self.recorder.given.answered(service, asked, said)

    def sent(self, service: str, command: list[str], moment: float | None) -> None:
        """The submission has sent a command to a service, at that virtual moment if time is virtual."""
        at = "" if moment is None else f"at {moment:.4g} s, "
        self.transcript.beside("asked", f"{at}{service}", tuple(command), None)

    def note(self, text: str, outcome: Any, *, name: str = "", measured: bool = False) -> str:
        """Has the recorder, if there is one, keep a step that is no call into the cell; the variable's name."""
        if self.recorder is None:
            return name
        return self.recorder.note(
            text, outcome, name=self.recorder.names.fresh(name) if name else "", measured=measured
        )
