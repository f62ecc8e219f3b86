"""All that a report on the history is made of, read in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.history.history import History
from grader.history.standing import Standing, TopicScore, stand, topic_scores
from grader.history.values import Attempt, Drill
from grader.model import CheckResult, Exercise, Verdict


@dataclass(frozen=True, slots=True)
class Record:
    """What the history says of some exercises."""

    standings: Sequence[Standing]
    attempts: Sequence[Attempt]  # of these exercises, drills included, oldest first
    topics: Sequence[TopicScore]  # weakest first
    drills: Sequence[Drill]
    lost: Sequence[tuple[Attempt, Sequence[CheckResult]]]  # the latest attempts' checks that were lost


def read_record(
    exercises: Sequence[Exercise],
    history: History,
    is_begun: Callable[[Exercise], bool],
    attempts: Sequence[Attempt] | None = None,
) -> Record:
    """The record of these exercises, from ``attempts`` or all there are.

    Topics are judged by the latest attempt at each exercise, be it in a drill or not.
    """
    names = {exercise.name for exercise in exercises}
    attempts = [one for one in (history.attempts() if attempts is None else attempts) if one.exercise in names]
    latest = {attempt.exercise: attempt for attempt in attempts}
    results = {name: history.results(attempt) for name, attempt in latest.items()}
    own = {attempt.exercise: attempt for attempt in attempts if attempt.drill is None}
    lost = [
        (attempt, [result for result in history.results(attempt) if result.verdict is not Verdict.PASSED])
        for attempt in own.values()
    ]
    return Record(
        standings=stand(exercises, attempts, history.opened(), is_begun),
        attempts=attempts,
        topics=topic_scores(exercises, results),
        drills=history.drills(),
        lost=[(attempt, results) for attempt, results in lost if results],
    )
