"""Reports made by hand, for tests of the formats."""

from __future__ import annotations

from grader.model import (
    Check,
    CheckResult,
    ExerciseReport,
    Isolation,
    Level,
    Report,
    Status,
    Verdict,
    mean_score,
)

#: Text of a submission that tries everything at once.
HOSTILE = (
    "\x1b[2J\x1b[31mred\x07 \u202egnol\u202c\n"
    "::error::forged\n"
    "  ::stop-commands::x\n"
    "##[error]old style\n"
    "]]></failure><testcase/>&amp;<!--\n"
    "``` \n</details><img src=x onerror=alert(1)> @everyone #1 [link](http://example.com) | cell\n"
    "\ud800\x00\x7f\ttab\r\n"
    "\u2713 week1/pools  passed  100"
)


def result(
    number: int,
    verdict: Verdict,
    message: str = "",
    transcript: str = "",
    *,
    points: int = 25,
    stage: str = "core",
    milestone: str = "",
) -> CheckResult:
    """The result of one check among several."""
    check = Check(
        id=f"test_{number}",
        title=f"check number {number}",
        points=points,
        stage=stage,
        hint=f"Hint of number {number}.",
        milestone=milestone,
    )
    return CheckResult(check, verdict, message, transcript, seconds=0.125 * number)


def report(*exercises: ExerciseReport, isolation: Isolation | None = None) -> Report:
    """A report of these exercises."""
    return Report(
        kit="0.1.0",
        seed=7,
        isolation=isolation or Isolation(Level.SEALED, ("namespaces", "seccomp")),
        started="2026-01-02T03:04:05+00:00",
        score=mean_score(exercises),
        exercises=exercises,
    )


PASSED = ExerciseReport(
    "week2/lru_cache",
    "LRU cache",
    Status.PASSED,
    100.0,
    (result(1, Verdict.PASSED, points=100),),
    services=("valkey 9.1",),
    seconds=1.5,
)

NO_PROCESSES = "needs processes, which level guarded does not give"

PARTIAL = ExerciseReport(
    "week1/pools",
    "Worker pools",
    Status.PARTIAL,
    33.33,
    (
        result(1, Verdict.PASSED),
        result(
            2,
            Verdict.FAILED,
            "expected None, got 2",
            ">>> cache = LRUCache(2)\n>>> cache.get('b')\n2",
            milestone="links",
        ),
        result(3, Verdict.ERROR, "ZeroDivisionError: division by zero", stage="robust"),
        result(4, Verdict.NOT_GRADED, "needs processes, which level guarded does not give", stage="production"),
    ),
    message="1 check worth 25 points could not be graded here: " + NO_PROCESSES,
    seconds=2.25,
)

NOT_STARTED = ExerciseReport(
    "week1/async_fan_out",
    "Fan out",
    Status.NOT_STARTED,
    0.0,
    (result(1, Verdict.FAILED, "not started", points=100),),
    message="nothing has been written yet",
)

INVALID = ExerciseReport(
    "week2/rate_limiter",
    "Rate limiter",
    Status.INVALID,
    0.0,
    (result(1, Verdict.FAILED, "there is no rate_limiter.py in handed_in", points=100),),
    message="there is no rate_limiter.py in handed_in",
)

ATTACK = ExerciseReport(
    "week1/pools",
    "Worker pools",
    Status.FAILED,
    0.0,
    (
        result(1, Verdict.FAILED, HOSTILE, HOSTILE, points=60),
        result(2, Verdict.CRASHED, HOSTILE, points=20),
        result(3, Verdict.INTERNAL_ERROR, HOSTILE, points=20),
    ),
    message=HOSTILE,
)

GUARDED = Isolation(Level.GUARDED, ("Landlock",), ("sealed: no bubblewrap",), "sudo apt-get install bubblewrap")

#: Name of the golden files -> report.
SAMPLES = {
    "scoreboard": report(NOT_STARTED, PARTIAL, INVALID, PASSED, isolation=GUARDED),
    "one_exercise": report(PARTIAL, isolation=GUARDED),
    "stubs": report(NOT_STARTED),
    "passed": report(PASSED),
    "hostile": report(ATTACK),
}
