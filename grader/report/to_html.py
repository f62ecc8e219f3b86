"""The report as one page of HTML that needs nothing beside itself."""

from __future__ import annotations

from grader.model import MAX_SCORE, ExerciseReport, Report, Status, Verdict
from grader.report.markup import Html, bar, document, lost_check, section, state, table, tag
from grader.report.told_once import told_once
from grader.report.words import number


def to_html(report: Report) -> str:
    """The scoreboard, then what each exercise has lost and why."""
    score = tag("p", number(report.score), tag("small", f" of {MAX_SCORE}"), class_="total")
    about = f"Kit {report.kit}, seed {report.seed}, isolation {report.isolation.level}, {_moment(report)}."
    missing = tag("p", _missing(report), class_="dim") if report.isolation.missing else Html("")
    return document(
        f"Onspot: {number(report.score)} of {MAX_SCORE}",
        tag("h1", "Onspot report"),
        score,
        tag("p", about, class_="dim"),
        missing,
        section("Exercises", _scoreboard(report)),
        *(_details(exercise) for exercise in report.exercises if _has_details(exercise)),
    )


def _moment(report: Report) -> str:
    return report.started[:16].replace("T", " ") + " UTC"


def _has_details(exercise: ExerciseReport) -> bool:
    return exercise.status is not Status.NOT_STARTED


def _missing(report: Report) -> str:
    remedy = f" To get it: {report.isolation.remedy}" if report.isolation.remedy else ""
    return f"Not available here: {', '.join(report.isolation.missing)}.{remedy}"


def _scoreboard(report: Report) -> Html:
    rows = [(_named(exercise), state(exercise.status), bar(exercise.score)) for exercise in report.exercises]
    return table("Exercises, their states and scores", ("exercise", "state", "score"), rows)


def _named(exercise: ExerciseReport) -> Html:
    name = exercise.name
    linked = tag("a", name, href=f"#{_anchor(exercise)}") if _has_details(exercise) else tag("strong", name)
    return tag("span", linked, tag("span", exercise.title, class_="dim"))


def _details(exercise: ExerciseReport) -> Html:
    """What was lost, in full; what was passed, by title."""
    lost = [result for result in exercise.checks if result.verdict is not Verdict.PASSED and exercise.was_run]
    passed = [result.check.title for result in exercise.checks if result.verdict is Verdict.PASSED]
    parts = [tag("p", state(exercise.status), f" \u00b7 {number(exercise.score)} of {MAX_SCORE}")]
    if exercise.message:
        parts.append(tag("pre", tag("code", exercise.message)))
    if exercise.services:
        parts.append(tag("p", f"Graded with {', '.join(exercise.services)}.", class_="dim"))
    parts += map(lost_check, told_once(lost))
    if passed:
        titles = tag("ul", *(tag("li", title) for title in passed))
        counted = f"{len(passed)} of {len(exercise.checks)} checks passed"
        parts.append(tag("details", tag("summary", counted), titles))
    return section(f"{exercise.name}: {exercise.title}", *parts, anchor=_anchor(exercise))


def _anchor(exercise: ExerciseReport) -> str:
    return exercise.name.replace("/", "-")
