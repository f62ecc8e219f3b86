"""The report as JUnit XML, which build servers show: a test suite per exercise, a test case per check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from grader.model import CheckResult, ExerciseReport, Report, Status, Verdict
from grader.report.text import xml_attribute, xml_text


def to_junit(report: Report) -> str:
    """The report as one XML document."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="onspot" {_counts(report.exercises)}>',
    ]
    for exercise in report.exercises:
        lines += _suite(exercise, report)
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(exercise: ExerciseReport, report: Report) -> list[str]:
    properties = {
        "status": exercise.status,
        "score": f"{exercise.score:g}",
        "message": exercise.message,
        "seed": str(report.seed),
        "isolation": report.isolation.level,
    }
    name, started = xml_attribute(exercise.name), xml_attribute(report.started)
    return [
        f"  <testsuite name={name} {_counts([exercise])} timestamp={started}>",
        "    <properties>",
        *(f'      <property name="{key}" value={xml_attribute(properties[key])}/>' for key in properties),
        "    </properties>",
        *(line for result in exercise.checks for line in _case(exercise, result)),
        "  </testsuite>",
    ]


def _case(exercise: ExerciseReport, result: CheckResult) -> list[str]:
    group, title = xml_attribute(exercise.name.replace("/", ".")), xml_attribute(result.check.title)
    opening = f'    <testcase classname={group} name={title} time="{result.seconds:.3f}"'
    outcome, message = _outcome(exercise, result), xml_attribute(result.message)
    if outcome == "passed":
        return [f"{opening}/>"]
    if outcome == "skipped":
        return [f"{opening}>", f"      <skipped message={message}/>", "    </testcase>"]
    told = (result.message, result.transcript, f"hint: {result.check.hint}")
    body = xml_text("\n\n".join(text for text in told if text))
    return [
        f"{opening}>",
        f'      <{outcome} type="{result.verdict}" message={message}>{body}</{outcome}>',
        "    </testcase>",
    ]


def _outcome(exercise: ExerciseReport, result: CheckResult) -> str:
    """JUnit's word: a wrong answer is a failure, one that did not come an error."""
    if exercise.status is Status.NOT_STARTED or not result.verdict.counts:
        return "skipped"
    if result.verdict is Verdict.PASSED:
        return "passed"
    return "failure" if result.verdict is Verdict.FAILED else "error"


def _counts(exercises: Iterable[ExerciseReport]) -> str:
    exercises = tuple(exercises)
    counts = Counter(_outcome(exercise, result) for exercise in exercises for result in exercise.checks)
    return (
        f'tests="{counts.total()}" failures="{counts["failure"]}" errors="{counts["error"]}" '
        f'skipped="{counts["skipped"]}" time="{sum(exercise.seconds for exercise in exercises):.3f}"'
    )
