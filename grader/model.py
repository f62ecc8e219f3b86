"""The words of Onspot as frozen values, without any input or output.

Exercise    a folder that a learner works in, named ``track/name``; its hidden side lies in ``solutions/``
Check       one test function of a hidden suite: title, points, stage, hint
Submission  the files handed in for one exercise
Verdict     how one check ended
Report      everything that one grading found; every output format is a pure function of it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

#: Version of the JSON report. It grows when a field is removed or changes its meaning.
SCHEMA = 1

#: Every exercise is worth this many points.
MAX_SCORE = 100

STAGES = ("core", "robust", "production")
DIFFICULTIES = ("easy", "medium", "hard")


class Level(StrEnum):
    """How strongly a cell is isolated, strongest first."""

    SEALED = "sealed"
    GUARDED = "guarded"
    SEATBELT = "seatbelt"  # of macOS; experimental, not measured
    BARE = "bare"

    def is_weaker_than(self, other: Level) -> bool:
        """Whether ``other`` promises more."""
        order = list(Level)
        return order.index(self) > order.index(other)


class Verdict(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"  # a wrong answer
    ERROR = "error"  # the submission raised what nobody expected, or its answer could not be used
    TIMEOUT = "timeout"  # no answer within the check's limit
    MEMORY = "memory"  # the cell ran out of its memory limit
    OUTPUT = "output"  # the cell wrote or answered more than its limit
    CRASHED = "crashed"  # the cell died, or spoke nonsense on its channel
    NOT_GRADED = "not_graded"  # a real part is missing on this machine; never counts against the learner
    INTERNAL_ERROR = "internal_error"  # the grader or the suite is at fault; never counts against the learner

    @property
    def counts(self) -> bool:
        """Whether the check's points count, won or lost."""
        return self not in (Verdict.NOT_GRADED, Verdict.INTERNAL_ERROR)


class Status(StrEnum):
    """How one exercise stands."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_STARTED = "not_started"  # the submission is still the stub
    INVALID = "invalid"  # there is nothing that could be graded
    NOT_GRADED = "not_graded"  # nothing could be graded here, or the grader is at fault


@dataclass(frozen=True, slots=True)
class Limits:
    """What one check may use up. Seconds are wall time; memory is that of the whole cell."""

    call_s: float = 5.0
    check_s: float = 30.0
    memory_mb: int = 512


@dataclass(frozen=True, slots=True)
class CellNeeds:
    """What an exercise needs of its cell."""

    preload: tuple[str, ...] = ()  # heavy modules imported once, before cells are forked
    processes: bool = False
    writable: bool = False


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a suite is run, whatever the exercise."""

    seed: int = 0  # of every example that is drawn
    timeout: float | None = None  # seconds, in place of the exercise's own limits
    shrink: bool = True  # whether failing examples are made small; verdicts do not need it
    first_loss: bool = False  # whether a check that is lost is enough: those not begun are left out of the report
    record: bool = False  # whether failed checks come with a recording, of which a repro file can be made


@dataclass(frozen=True, slots=True)
class Check:
    """One test function of a suite, as its ``@check(...)`` literal says."""

    id: str
    title: str
    points: int
    stage: str
    hint: str
    needs: tuple[str, ...] = ()
    milestone: str = ""
    ahead: bool = False  # whether no call of the check tells what another's answer should be


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of the kit."""

    name: str  # "week2/lru_cache"
    title: str
    day: str
    minutes: int
    difficulty: str
    topics: tuple[str, ...]
    source: str
    services: tuple[str, ...]
    cell: CellNeeds
    limits: Limits
    folder: Path  # exercises/<track>/<name>
    hidden: Path  # solutions/<track>/<name>

    @property
    def track(self) -> str:
        return self.name.partition("/")[0]

    @property
    def module(self) -> str:
        """The name of the learner's module: the file or package of the exercise's own name."""
        return self.name.partition("/")[2]


@dataclass(frozen=True, slots=True)
class WrongSolution:
    """One mistake that the suite must catch, as ``wrong.toml`` says; check ids throughout."""

    name: str
    why: str  # the misconception, in a learner's words
    fails: tuple[str, ...]
    may_fail: tuple[str, ...]
    verdict: Verdict | None  # expected of every check in ``fails``, where it matters
    folder: Path


@dataclass(frozen=True, slots=True)
class Submission:
    """The files handed in for one exercise: path below the exercise's folder -> content."""

    origin: str  # where they came from, for people
    files: dict[str, bytes]
    problem: str = ""  # why nothing can be graded; empty when it can
    is_stub: bool = False  # nothing has been written yet


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went."""

    check: Check
    verdict: Verdict
    message: str = ""
    transcript: str = ""
    seconds: float = 0.0
    recording: str = ""  # every step of a failed check, where that was asked for

    @property
    def earned(self) -> int:
        return self.check.points if self.verdict is Verdict.PASSED else 0


@dataclass(frozen=True, slots=True)
class ExerciseReport:
    """How one exercise went. ``score`` is of the points that count, scaled to 100."""

    name: str
    title: str
    status: Status
    score: float
    checks: tuple[CheckResult, ...]
    message: str = ""
    services: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def was_run(self) -> bool:
        """Whether its checks were run at all, so that what they say is worth reading."""
        return self.status not in (Status.NOT_STARTED, Status.INVALID)

    @property
    def track(self) -> str:
        return self.name.partition("/")[0]


class EventKind(StrEnum):
    """What a grading tells while it runs."""

    STARTED = "started"
    CHECK = "check"
    FINISHED = "finished"
    STORED = "stored"  # finished without being run: its report was remembered


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a grading: an exercise has started, one of its checks or all of it is done."""

    exercise: str  # "week2/lru_cache"
    kind: EventKind
    result: CheckResult | ExerciseReport | None = None


@dataclass(frozen=True, slots=True)
class Isolation:
    """The level that cells ran at, its parts, and how to get the parts that are missing."""

    level: Level
    parts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    remedy: str = ""  # one command, or empty


@dataclass(frozen=True, slots=True)
class Report:
    """One whole grading. ``score`` is the mean of the exercises' scores that count."""

    kit: str  # version of the kit
    seed: int
    isolation: Isolation
    started: str  # ISO 8601, UTC
    score: float
    exercises: tuple[ExerciseReport, ...] = field(default=())

    def track_scores(self) -> dict[str, float]:
        """Each track's score: the mean of its exercises that were graded."""
        tracks: dict[str, list[ExerciseReport]] = {}
        for exercise in self.exercises:
            tracks.setdefault(exercise.track, []).append(exercise)
        return {track: mean_score(exercises) for track, exercises in tracks.items()}


def mean_score(exercises: Iterable[ExerciseReport]) -> float:
    """The mean of the scores that count, to two decimals; 0 when none does."""
    scores = [exercise.score for exercise in exercises if exercise.status is not Status.NOT_GRADED]
    return round(sum(scores) / len(scores), 2) if scores else 0.0
