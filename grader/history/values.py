"""What the history keeps, as frozen values. Times are UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from grader.model import Status

#: What can be opened besides hints, which are named "hint 1" to "hint 3".
SOLUTION = "solution"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One grading of a learner's own work."""

    id: int
    at: dt.datetime
    exercise: str
    files: str  # a digest of the files that were graded
    status: Status
    score: float
    drill: int | None = None  # the drill that it belongs to


@dataclass(frozen=True, slots=True)
class Opened:
    """A hint or the solution that was looked at, after the attempt that had come last."""

    exercise: str
    what: str
    at: dt.datetime
    files: str  # of the last attempt before; empty without one


@dataclass(frozen=True, slots=True)
class Drill:
    """One timed set: what was drawn, when its clock ran, and what came of it."""

    id: int
    seed: int
    minutes: int
    exercises: tuple[str, ...]
    folder: str
    started: dt.datetime
    ended: dt.datetime | None = None  # None while it runs
    score: float = 0.0
    first_pass_s: float | None = None  # seconds to the first save with a passing check
    late_s: float = 0.0  # seconds after the end at which a file was still changed

    @property
    def deadline(self) -> dt.datetime:
        return self.started + dt.timedelta(minutes=self.minutes)
