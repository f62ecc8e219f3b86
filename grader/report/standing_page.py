"""Where a learner stands, for a person at a terminal: all exercises, and the one to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from grader.catalog import layout
from grader.catalog.hints import HINTS
from grader.history import Standing, by_track, mean_of_best
from grader.model import MAX_SCORE, Status
from grader.report.page import Entry, Page
from grader.report.words import GRADE, GRADER, count, duration, number, status_word


def add_list(page: Page, standings: Sequence[Standing]) -> None:
    """One line per exercise, under a line for its track."""
    tracks = by_track(standings)
    among = [_entry(standing) for standing in standings]
    for track, group in tracks.items():
        page.add()
        page.add(track_line(page, track, group, max(map(len, tracks))))
        page.add_entries([_entry(standing) for standing in group], among)


def track_line(page: Page, track: str, standings: Sequence[Standing], width: int) -> Text:
    """A track's name, its score as a bar and as a number, and how many of its exercises are passed."""
    score = mean_of_best(standings)
    passed = sum(standing.status is Status.PASSED for standing in standings)
    return Text.assemble(
        (f"{track:{width}}", "bold"),
        "  ",
        page.share(score),
        f"{number(score)} of {MAX_SCORE}, {passed} of {len(standings)} passed",
    )


def add_next(page: Page, standing: Standing | None, commands: Mapping[str, str]) -> None:
    """The exercise to do next and what to type; ``commands`` are further ones, by what they are for."""
    page.add()
    if standing is None:
        page.add("All exercises are passed.", "bold")
        page.add("A timed set shows what has stayed:")
        page.add_command(GRADER.format("mock"))
        return
    exercise = standing.exercise
    verb = "Go on with" if standing.begun else "Next"
    page.add(Text.assemble(f"{verb}: ", (exercise.name, "bold"), f"  {exercise.title}"))
    page.add(f"  {exercise.minutes} minutes, {exercise.difficulty}. {', '.join(exercise.topics)}.")
    if standing.begun:
        page.add(f"  {story(standing)}")
    page.add()
    lines = {
        "read": layout.shown_statement(exercise.name),
        "write": layout.shown_stub(exercise.name),
        "grade": GRADE.format(exercise.name),
        **commands,
    }
    width = max(map(len, lines))
    for purpose, line in lines.items():
        page.add_command(line, f"{purpose:{width}}  ")


def story(standing: Standing) -> str:
    """What has happened so far, in one sentence."""
    if not standing.attempts:
        return "Not graded yet."
    tries = count(len(standing.attempts), "attempt")
    told = f"{status_word(standing.status).capitalize()}, {number(standing.score)} of {MAX_SCORE} after {tries}"
    if standing.first_pass:
        tries = count(standing.attempts_to_pass, "attempt")
        minutes = duration(standing.minutes_to_pass)
        told = f"Passed on {day(standing)}, after {tries} and {minutes}"
    if standing.hints:
        told += f"; {standing.hints} of {HINTS} hints"
    return told + ("; solution seen before." if standing.gave_up else ".")


def day(standing: Standing) -> str:
    """The day of the first pass, where the learner is."""
    return f"{standing.first_pass.at.astimezone():%Y-%m-%d}" if standing.first_pass else ""


def _entry(standing: Standing) -> Entry:
    exercise = standing.exercise
    score = number(standing.score) if standing.attempts else "-"
    columns = (status_word(standing.status), f"{score:>6}", f"{exercise.minutes:3} min", exercise.difficulty)
    return Entry(standing.status, exercise.name, columns, exercise.title)
