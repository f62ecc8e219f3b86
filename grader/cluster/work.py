"""What travels between the batch and its workers: plain values, checked against these types on both sides."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

import msgspec

from grader import __version__
from grader.model import ExerciseReport, Isolation, Level
from grader.remembering import grader_digest


class Versions(msgspec.Struct, frozen=True):
    """What must be the same on all machines for their reports to be the same."""

    kit: str
    grader: str  # a digest of its source
    python: str  # "3.13"
    hypothesis: str  # another one draws other examples

    def unlike(self, other: Versions) -> str:
        """How these differ from the ``other`` ones, for people; empty when they do not."""
        pairs = zip(msgspec.structs.asdict(self).items(), msgspec.structs.astuple(other), strict=True)
        return ", ".join(f"{what} {here[:12]}, not {there[:12]}" for (what, here), there in pairs if here != there)


@cache
def versions_here() -> Versions:
    """Those of this process, as its code was when it was first asked."""
    python = ".".join(platform.python_version_tuple()[:2])
    return Versions(__version__, grader_digest(), python, version("hypothesis"))


class Question(msgspec.Struct, frozen=True):
    """Which isolation a worker gives, be it the strongest it has or the one that is ``wanted``."""

    versions: Versions
    wanted: Level | None
    require: Level | None


class Work(msgspec.Struct, frozen=True):
    """One submission for one exercise, with all that its report depends on."""

    versions: Versions
    exercise: str  # "week2/lru_cache"
    suite: str  # a digest of the exercise
    files: dict[str, bytes]
    level: Level
    seed: int
    timeout: float | None


class Outcome(msgspec.Struct, frozen=True):
    """What a worker answers: one of the three."""

    worker: str  # its name
    report: ExerciseReport | None = None
    isolation: Isolation | None = None
    refusal: str = ""  # why it did not do what it was asked for, and what mends that
