"""A timed drill, for a person at a terminal: the set, and what came of it topic by topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.errors import shown
from grader.history import Drill, TopicScore, topic_scores
from grader.model import MAX_SCORE, CheckResult, Exercise, Report, Verdict
from grader.report.page import Page
from grader.report.words import count, duration, number


def add_set(page: Page, drill: Drill, exercises: Sequence[Exercise]) -> None:
    """What was drawn, where it is worked on, and the rules."""
    page.add()
    page.add(
        f"Mock: {count(drill.minutes, 'minute')}, seed {drill.seed}, until {drill.deadline.astimezone():%H:%M}", "bold"
    )
    page.add()
    width = max(len(exercise.name) for exercise in exercises)
    for exercise in exercises:
        page.add(f"  {exercise.name:{width}}  {exercise.minutes:3} min  {exercise.difficulty:6}  {exercise.title}")
    page.add()
    page.add("Each folder holds the statement, the stub and a few tests:")
    for exercise in exercises:
        page.add_command(f"pytest {shown(exercise.folder)}")
    page.add()
    page.add("Hints and solutions stay closed. When time is up, what is there is graded.")


def add_comparison(
    page: Page, drill: Drill, exercises: Sequence[Exercise], report: Report, before: Sequence[TopicScore]
) -> None:
    """The time to the first passing check, then each topic beside how it stood before."""
    page.add()
    if drill.first_pass_s is None:
        page.add("No check passed in a save while the clock was watched.")
    else:
        page.add(f"First passing check after {duration(round(drill.first_pass_s / 60))}.")
    if drill.late_s >= 1:
        page.add(f"A file was changed {duration(round(drill.late_s / 60))} after time was up.")
    results: Mapping[str, Sequence[CheckResult]] = {done.name: done.checks for done in report.exercises}
    stood = {topic.topic: number(topic.score) for topic in before}
    topics = topic_scores(exercises, results)
    width = max((len(topic.topic) for topic in topics), default=0)
    page.add()
    page.add("By topic", "bold")
    for topic in topics:
        checks = [result for name in topic.exercises for result in results[name] if result.verdict.counts]
        missed = sum(result.verdict is not Verdict.PASSED for result in checks)
        now, once = number(topic.score), stood.get(topic.topic, "new")
        lost = f"{missed} of {count(len(checks), 'check')} missed"
        page.add(f"  {topic.topic:{width}}  {now:>6} of {MAX_SCORE}, before: {once}, {lost}")
