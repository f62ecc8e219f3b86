"""How checks become scores: points that count, scaled to 100, and the word for how an exercise stands.

Checks that could not be graded, for want of a real part or through the grader's fault, count neither for nor
against the learner: they leave both sides of the fraction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.model import (
    MAX_SCORE,
    CheckResult,
    Exercise,
    ExerciseReport,
    Isolation,
    Report,
    Status,
    Submission,
    Verdict,
    mean_score,
)


def score_exercise(
    exercise: Exercise,
    submission: Submission,
    results: Sequence[CheckResult] = (),
    *,
    services: Iterable[str] = (),
    seconds: float = 0.0,
) -> ExerciseReport:
    """The exercise's report. Of what was not started, or cannot be graded, every check is lost."""
    counting = [result for result in results if result.verdict.counts]
    score, status = 0.0, Status.FAILED
    if submission.problem:
        status, message = Status.INVALID, submission.problem
    elif submission.is_stub:
        status, message = Status.NOT_STARTED, "nothing has been written yet"
    elif not counting:
        status, message = Status.NOT_GRADED, _left_out(results) or "no check was run"
    else:
        score = score_of(counting)
        message = _left_out(results)
        status = Status.PASSED if score == MAX_SCORE else Status.PARTIAL if score else Status.FAILED
    return ExerciseReport(
        name=exercise.name,
        title=exercise.title,
        status=status,
        score=score,
        checks=tuple(results),
        message=message,
        services=tuple(services),
        seconds=seconds,
    )


def score_of(results: Iterable[CheckResult]) -> float:
    """The points earned of the points that count, scaled to 100, to two decimals; 0 when none counts."""
    counting = [result for result in results if result.verdict.counts]
    possible = sum(result.check.points for result in counting)
    earned = sum(result.earned for result in counting)
    return round(MAX_SCORE * earned / possible, 2) if possible else 0.0


def score_report(
    exercises: Iterable[ExerciseReport], *, kit: str, seed: int, isolation: Isolation, started: str
) -> Report:
    """The whole report; its score is the mean of the exercises that were graded."""
    exercises = tuple(exercises)
    return Report(kit, seed, isolation, started, mean_score(exercises), exercises)


def is_grader_at_fault(*exercises: ExerciseReport) -> bool:
    """Whether any check ended by the grader's or its suite's own fault."""
    return any(result.verdict is Verdict.INTERNAL_ERROR for exercise in exercises for result in exercise.checks)


def _left_out(results: Sequence[CheckResult]) -> str:
    """One sentence on the checks that do not count; empty when all do."""
    left_out = [result for result in results if not result.verdict.counts]
    if not left_out:
        return ""
    points = sum(result.check.points for result in left_out)
    reasons = "; ".join(dict.fromkeys(result.message or result.verdict for result in left_out))
    count = f"{len(left_out)} check" + ("s" if len(left_out) > 1 else "")
    return f"{count} worth {points} points could not be graded here: {reasons}"
