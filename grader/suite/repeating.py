"""The pytest plugin that spares a check what it has asked before: a submission that gives the answers again passes.

When a submission answers anything else, the check is run in another cell as if nothing had been asked, so that every
loss has the message, the transcript and the shrunk example that it always has.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from typing import Any

import pytest

from grader.cell.deaths import CellUnavailable
from grader.cell.dialogue import Dialogue, Tape
from grader.suite.fixtures import RUN, TAPE
from grader.suite.plugin import check_of
from grader.suite.session import Session


class Repeating:
    """Asks what is ``known`` to be asked; tells ``on_dialogue`` of what is new, by the item's name."""

    def __init__(self, known: Mapping[str, Dialogue], on_dialogue: Callable[[str, Dialogue], None]) -> None:
        self._known = known
        self._on_dialogue = on_dialogue

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Takes the item out of pytest's hands when the submission has passed it."""
        run, check, dialogue = item.config.stash[RUN], check_of(item), self._known.get(item.name)
        if check is None or dialogue is None:
            item.stash[TAPE] = Tape()
            return None
        if run.import_failure is not None:
            return None
        with closing(Session(run, check)) as session, suppress(CellUnavailable, OSError):
            return session.repeats(dialogue) or None
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        tape = item.stash.get(TAPE, None)
        if tape is not None and call.excinfo is not None:
            tape.spoil()
        elif tape is not None and call.when == "teardown" and (dialogue := tape.dialogue) is not None:
            self._on_dialogue(item.name, dialogue)
        return (yield)
