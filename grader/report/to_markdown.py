"""The report as Markdown, for a pull request or the summary of a workflow."""

from __future__ import annotations

from grader.model import MAX_SCORE, CheckResult, ExerciseReport, Report, Status, Verdict
from grader.report.text import markdown_block, markdown_code, markdown_text
from grader.report.told_once import told_once
from grader.report.words import number, status_word, verdict_word


def to_markdown(report: Report) -> str:
    """The report as GitHub-flavoured Markdown: a table of exercises, then what each has lost."""
    parts = [
        f"# Onspot: {number(report.score)} of {MAX_SCORE}",
        _scoreboard(report),
        *(_details(exercise) for exercise in report.exercises if _has_details(exercise)),
        f"Kit {report.kit}, seed {report.seed}, isolation {report.isolation.level}.",
    ]
    if report.isolation.missing:
        missing = ", ".join(map(markdown_text, report.isolation.missing))
        remedy = f" To get it: {markdown_code(report.isolation.remedy)}" if report.isolation.remedy else ""
        parts.append(f"Not available here: {missing}.{remedy}")
    return "\n\n".join(parts) + "\n"


def _scoreboard(report: Report) -> str:
    rows = ["| exercise | title | status | score |", "| --- | --- | --- | ---: |"]
    rows += [
        f"| {markdown_code(exercise.name)} | {markdown_text(exercise.title)} "
        f"| {status_word(exercise.status)} | {number(exercise.score)} |"
        for exercise in report.exercises
    ]
    return "\n".join(rows)


def _has_details(exercise: ExerciseReport) -> bool:
    return exercise.status not in (Status.PASSED, Status.NOT_STARTED) or bool(_lost(exercise))


def _lost(exercise: ExerciseReport) -> list[CheckResult]:
    return [result for result in exercise.checks if result.verdict is not Verdict.PASSED and exercise.was_run]


def _details(exercise: ExerciseReport) -> str:
    parts = [f"## {markdown_code(exercise.name)}: {status_word(exercise.status)}, {number(exercise.score)}"]
    if exercise.message:
        parts.append(markdown_block(exercise.message))
    parts += map(_check, told_once(_lost(exercise)))
    return "\n\n".join(parts)


def _check(result: CheckResult) -> str:
    """One check that did not pass: its title, then everything the learner may know, folded away."""
    title = f"**{markdown_text(result.check.title)}**: {verdict_word(result.verdict)}"
    parts = [f"{title} ({result.check.stage}, {result.check.points} points)"]
    if result.message:
        parts.append(markdown_block(result.message))
    if result.transcript:
        calls = markdown_block(result.transcript)
        parts.append(f"<details><summary>What was called</summary>\n\n{calls}\n\n</details>")
    if result.check.hint:
        parts.append(f"Hint: {markdown_text(result.check.hint)}")
    return "\n\n".join(parts)
