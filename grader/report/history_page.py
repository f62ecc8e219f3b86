"""A learner's history, for a person at a terminal: progress, weak topics, the latest attempts, drills."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from grader.history import Attempt, Drill, Record, Standing, TopicScore, by_track
from grader.model import MAX_SCORE
from grader.report.page import Entry, Page
from grader.report.standing_page import story, track_line
from grader.report.words import GRADE, number, status_word

_LATEST = 8
_WEAK = 5


def add_history(page: Page, record: Record) -> None:
    """The whole report; of a history without attempts, how to begin one."""
    tracks = by_track(record.standings)
    page.add()
    for track, group in tracks.items():
        page.add(track_line(page, track, group, max(map(len, tracks))))
    if not record.attempts:
        page.add()
        page.add("Nothing has been graded yet. Each grading of your own work will be kept here.")
        page.add_command(GRADE.format("week1"))
        return
    _add_topics(page, record.topics)
    _add_exercises(page, record.standings)
    _add_attempts(page, record.attempts)
    _add_drills(page, record.drills)


def _add_topics(page: Page, topics: Sequence[TopicScore]) -> None:
    weak = [topic for topic in topics if topic.score < MAX_SCORE][:_WEAK]
    if weak:
        _head(page, "Weak topics")
    width = max((len(topic.topic) for topic in weak), default=0)
    for topic in weak:
        page.add(Text.assemble(f"  {topic.topic:{width}}  ", page.share(topic.score), number(topic.score)))


def _add_exercises(page: Page, standings: Sequence[Standing]) -> None:
    begun = [standing for standing in standings if standing.attempts]
    if begun:
        _head(page, "Exercises")
    for standing in begun:
        page.add(Text.assemble("  ", (standing.exercise.name, "bold")))
        page.add(f"    {story(standing)}")


def _add_attempts(page: Page, attempts: Sequence[Attempt]) -> None:
    _head(page, "Latest attempts")
    entries = [
        Entry(
            attempt.status,
            f"{attempt.at.astimezone():%Y-%m-%d %H:%M}",
            (status_word(attempt.status), f"{number(attempt.score):>6}", attempt.exercise),
            "in a mock" if attempt.drill else "",
        )
        for attempt in reversed(attempts[-_LATEST:])
    ]
    page.add_entries(entries, entries)


def _add_drills(page: Page, drills: Sequence[Drill]) -> None:
    ended = [drill for drill in drills if drill.ended]
    if ended:
        _head(page, "Mocks")
    for drill in ended[-_LATEST:]:
        page.add(
            f"  {drill.started.astimezone():%Y-%m-%d %H:%M}  {number(drill.score)} of {MAX_SCORE} "
            f"in {drill.minutes} minutes, seed {drill.seed}: {', '.join(drill.exercises)}"
        )


def _head(page: Page, title: str) -> None:
    page.add()
    page.add(title, "bold")
