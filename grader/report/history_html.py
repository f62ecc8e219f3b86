"""A learner's history as one page of HTML that needs nothing beside itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from grader.catalog.hints import HINTS
from grader.history import Attempt, Record, Standing, by_track, mean_of_best
from grader.model import MAX_SCORE, Status
from grader.report.markup import Html, bar, document, lost_check, section, state, table, tag
from grader.report.told_once import told_once
from grader.report.words import count, duration, number


def history_html(record: Record) -> str:
    """Progress by track and topic, the score over time, every exercise, every lost check, every mock."""
    passed = sum(standing.status is Status.PASSED for standing in record.standings)
    counted = f"{passed} of {len(record.standings)} exercises passed, {count(len(record.attempts), 'attempt')}."
    parts = [
        tag("h1", "Onspot progress"),
        tag("p", number(mean_of_best(record.standings)), tag("small", f" of {MAX_SCORE}"), class_="total"),
        tag("p", counted, class_="dim"),
        section("Tracks", _tracks(record)),
    ]
    if record.attempts:
        parts += [
            section("Topics, weakest first", _topics(record)),
            section("Score over time", *_over_time(record)),
            section("Exercises", _exercises(record)),
        ]
    if record.lost:
        parts.append(section("Lost checks", *_lost(record)))
    if ended := [drill for drill in record.drills if drill.ended]:
        rows = [
            (_moment(drill.started), bar(drill.score), str(drill.minutes), str(drill.seed), ", ".join(drill.exercises))
            for drill in reversed(ended)
        ]
        parts.append(section("Mocks", table("Timed sets", ("begun", "score", "minutes", "seed", "exercises"), rows)))
    return document("Onspot progress", *parts)


def _tracks(record: Record) -> Html:
    rows = [
        (
            tag("strong", track),
            bar(mean_of_best(group)),
            f"{sum(standing.status is Status.PASSED for standing in group)} of {len(group)}",
        )
        for track, group in by_track(record.standings).items()
    ]
    return table("Progress by track", ("track", "score", "passed"), rows)


def _topics(record: Record) -> Html:
    rows = [(topic.topic, bar(topic.score), ", ".join(topic.exercises)) for topic in record.topics]
    return table("Scores by topic, of the latest attempts", ("topic", "score", "exercises"), rows)


def _exercises(record: Record) -> Html:
    rows = [
        (
            tag("span", tag("strong", standing.exercise.name), tag("span", standing.exercise.title, class_="dim")),
            state(standing.status),
            bar(standing.score),
            str(len(standing.attempts)),
            _first_pass(standing),
        )
        for standing in record.standings
        if standing.begun
    ]
    return table("Exercises that were begun", ("exercise", "state", "best", "attempts", "first pass"), rows)


def _first_pass(standing: Standing) -> str:
    helped = [f"{standing.hints} of {HINTS} hints"] if standing.hints else []
    helped += ["solution seen before"] if standing.gave_up else []
    if standing.first_pass:
        tries = count(standing.attempts_to_pass, "attempt")
        told = [_day(standing.first_pass), f"{tries}, {duration(standing.minutes_to_pass)}"]
        return "; ".join([*told, *helped])
    return "; ".join(["not yet", *helped])


def _lost(record: Record) -> list[Html]:
    """Every check that the latest attempts have lost, by exercise."""
    parts = []
    for attempt, results in record.lost:
        parts.append(tag("p", tag("strong", attempt.exercise), f", attempt of {_moment(attempt.at)}"))
        parts += map(lost_check, told_once(results))
    return parts


def _over_time(record: Record) -> list[Html]:
    """A chart, what it shows in words, and its numbers as a table."""
    course = _course(record)
    first, last = record.attempts[0].at, record.attempts[-1].at
    span = max((last - first).total_seconds(), 1.0)

    def place(attempt: Attempt, score: float) -> str:
        return f"{1000 * (attempt.at - first).total_seconds() / span:.4g} {MAX_SCORE - score:.4g}"

    line = f"M0 {MAX_SCORE}" + "".join(
        f"H{place(attempt, score).replace(' ', 'V')}" for attempt, score in zip(record.attempts, course, strict=True)
    )
    dots = "".join(f"M{place(attempt, attempt.score)}h0" for attempt in record.attempts)
    told = (
        f"Mean of the best scores: {number(course[-1])} of {MAX_SCORE} on {_day(record.attempts[-1])}, "
        f"{number(course[0])} on {_day(record.attempts[0])}."
    )
    drawing = tag(
        "svg",
        tag("path", d="M0 0H1000M0 50H1000M0 100H1000", class_="grid"),
        tag("path", d=dots, class_="dots"),
        tag("path", d=line + "H1000", class_="line"),
        viewBox=f"0 0 1000 {MAX_SCORE}",
        preserveAspectRatio="none",
        role="img",
        aria_label=told,
    )
    up = tag("div", *(tag("span", text) for text in (str(MAX_SCORE), str(MAX_SCORE // 2), "0")), class_="up")
    shown = _moment if first.date() == last.date() else _date
    along = tag("div", tag("span", shown(first)), tag("span", shown(last)), class_="along")
    legend = f"The line is the mean of the best scores of all {len(record.standings)} exercises; a dot is an attempt."
    days = [
        (day, str(len(group)), number(max(attempt.score for attempt, _ in group)), number(group[-1][1]))
        for day, group in _by_day(record.attempts, course)
    ]
    heads = ("day", "attempts", "best attempt", "mean of the best")
    return [
        tag("div", up, drawing, along, class_="chart"),
        tag("p", legend, class_="dim"),
        tag("details", tag("summary", "The same as a table"), table("Score over time", heads, days)),
    ]


def _course(record: Record) -> list[float]:
    """The mean of the best scores after each attempt; drills do not add to it."""
    best = {standing.exercise.name: 0.0 for standing in record.standings}
    course = []
    for attempt in record.attempts:
        if attempt.drill is None:
            best[attempt.exercise] = max(best[attempt.exercise], attempt.score)
        course.append(round(sum(best.values()) / len(best), 2))
    return course


def _by_day(attempts: Sequence[Attempt], course: Sequence[float]) -> list[tuple[str, list[tuple[Attempt, float]]]]:
    pairs = zip(attempts, course, strict=True)
    return [(day, list(group)) for day, group in groupby(pairs, lambda pair: _day(pair[0]))]


def _day(attempt: Attempt) -> str:
    return _date(attempt.at)


def _date(at: dt.datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"


def _moment(at: dt.datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
