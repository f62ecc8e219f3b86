"""Where a learner stands, worked out of the history: by exercise, by topic, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from grader.catalog.hints import HINTS
from grader.history.values import SOLUTION, Attempt, Opened
from grader.model import MAX_SCORE, CheckResult, Exercise, Status

_PATIENCE = 3  # attempts before a hint is offered


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the learner stands with one exercise. Drills are not part of it."""

    exercise: Exercise
    attempts: tuple[Attempt, ...] = ()  # oldest first
    opened: tuple[Opened, ...] = ()
    begun: bool = False  # whether there is work at all, graded or not

    @property
    def best(self) -> Attempt | None:
        """The first of the attempts with the highest score."""
        return max(self.attempts, key=lambda attempt: attempt.score, default=None)

    @property
    def score(self) -> float:
        return self.best.score if self.best else 0.0

    @property
    def status(self) -> Status:
        """The best attempt's; work that was never graded is "not graded"."""
        if self.best:
            return self.best.status
        return Status.NOT_GRADED if self.begun else Status.NOT_STARTED

    @property
    def first_pass(self) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.status is Status.PASSED), None)

    @property
    def attempts_to_pass(self) -> int:
        """How many attempts the first pass took; 0 before it."""
        return self.attempts.index(self.first_pass) + 1 if self.first_pass else 0

    @property
    def minutes_to_pass(self) -> int:
        """Minutes from the first attempt to the first pass."""
        first, last = (self.attempts[0], self.first_pass) if self.first_pass else (None, None)
        return round((last.at - first.at).total_seconds() / 60) if first and last else 0

    @property
    def hints(self) -> int:
        """How many hints were opened."""
        return sum(opened.what != SOLUTION for opened in self.opened)

    @property
    def gave_up(self) -> bool:
        """Whether the solution was opened before the exercise was passed."""
        seen = next((opened.at for opened in self.opened if opened.what == SOLUTION), None)
        return seen is not None and (self.first_pass is None or seen < self.first_pass.at)


def stand(
    exercises: Iterable[Exercise],
    attempts: Iterable[Attempt],
    opened: Iterable[Opened],
    is_begun: Callable[[Exercise], bool] = lambda _exercise: False,
) -> list[Standing]:
    """The standing of each exercise, in order. ``is_begun`` tells whether there is work that was never graded."""
    own: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.drill is None:
            own.setdefault(attempt.exercise, []).append(attempt)
    seen: dict[str, list[Opened]] = {}
    for one in opened:
        seen.setdefault(one.exercise, []).append(one)
    return [
        Standing(
            exercise,
            tuple(own.get(exercise.name, ())),
            tuple(seen.get(exercise.name, ())),
            exercise.name in own or is_begun(exercise),
        )
        for exercise in exercises
    ]


def by_track(standings: Iterable[Standing]) -> dict[str, list[Standing]]:
    """The standings of each track, in order."""
    return {track: list(group) for track, group in groupby(standings, lambda standing: standing.exercise.track)}


def mean_of_best(standings: Sequence[Standing]) -> float:
    """The mean of the best scores; what was not begun counts 0."""
    return round(sum(standing.score for standing in standings) / len(standings), 2) if standings else 0.0


def suggest(standings: Sequence[Standing]) -> Standing | None:
    """What to do next: the work graded last that is not passed, else other work begun, else the next that is new.

    New work is looked for after the last exercise that was passed, then from the start. None when all are passed.
    """
    open_ones = [standing for standing in standings if standing.status is not Status.PASSED]
    begun = [standing for standing in open_ones if standing.begun]
    if begun:
        return max(begun, key=lambda standing: standing.attempts[-1].id if standing.attempts else 0)
    passed = [place for place, standing in enumerate(standings) if standing.status is Status.PASSED]
    after = standings[max(passed) + 1 :] if passed else ()
    return next((standing for standing in (*after, *open_ones) if standing in open_ones), None)


def hint_lock(standing: Standing, number: int) -> str:
    """Why hint ``number`` is not open yet; empty when it is, or may be opened now.

    Each hint wants an attempt on changed files: since the stub for the first, since the one before for the others.
    After a pass all are open.
    """
    if number <= standing.hints or standing.first_pass:
        return ""
    if number > standing.hints + 1:
        return f"hint {standing.hints + 1} comes first"
    if not standing.attempts:
        return "grade your first try" if standing.begun else "write a first try and grade it"
    last = next((opened for opened in reversed(standing.opened) if opened.what != SOLUTION), None)
    tried = {attempt.files for attempt in standing.attempts if last and attempt.at > last.at}
    if last and not tried - {last.files}:
        return "change your code and grade it again"
    return ""


def hint_due(standing: Standing) -> int:
    """The number of the hint to offer: after a few attempts without a pass, if it may be opened; else 0."""
    last = max((opened.at for opened in standing.opened), default=None)
    since = [attempt for attempt in standing.attempts if last is None or attempt.at > last]
    number = standing.hints + 1
    is_due = not standing.first_pass and len(since) >= _PATIENCE and number <= HINTS
    return number if is_due and not hint_lock(standing, number) else 0


@dataclass(frozen=True, slots=True)
class TopicScore:
    """How well a topic is mastered: points earned of the points of the latest attempts at its exercises."""

    topic: str
    score: float
    exercises: tuple[str, ...]


def topic_scores(exercises: Iterable[Exercise], results: Mapping[str, Sequence[CheckResult]]) -> list[TopicScore]:
    """Each topic with results by exercise, weakest first. Checks that do not count are left out."""
    topics: dict[str, list[Exercise]] = {}
    for exercise in exercises:
        if results.get(exercise.name):
            for topic in exercise.topics:
                topics.setdefault(topic, []).append(exercise)
    scores = []
    for topic, owners in topics.items():
        counting = [result for owner in owners for result in results[owner.name] if result.verdict.counts]
        possible = sum(result.check.points for result in counting)
        earned = sum(result.earned for result in counting)
        if possible:
            scores.append(
                TopicScore(topic, round(MAX_SCORE * earned / possible, 2), tuple(owner.name for owner in owners))
            )
    return sorted(scores, key=lambda score: (score.score, score.topic))
