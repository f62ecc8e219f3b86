"""The report as JSON: a contract, versioned by ``schema``.

Fields may be added under one version of the schema; removing one or changing its meaning makes a new version.
"""

from __future__ import annotations

import json
from typing import Any

from grader.model import MAX_SCORE, SCHEMA, CheckResult, ExerciseReport, Report
from grader.report.text import json_text


def to_json(report: Report) -> str:
    """The report as JSON text, in ASCII, with a new line at its end."""
    return json_text(json.dumps(as_values(report), indent=2)) + "\n"


def as_values(report: Report) -> dict[str, Any]:
    """The report as plain dictionaries and lists, in the order of the contract."""
    return {
        "schema": SCHEMA,
        "kit": report.kit,
        "seed": report.seed,
        "isolation": {
            "level": report.isolation.level.value,
            "parts": list(report.isolation.parts),
            "missing": list(report.isolation.missing),
            "remedy": report.isolation.remedy,
        },
        "started": report.started,
        "score": report.score,
        "max_score": MAX_SCORE,
        "exercises": [_exercise(exercise) for exercise in report.exercises],
    }


def _exercise(exercise: ExerciseReport) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "title": exercise.title,
        "status": exercise.status.value,
        "score": exercise.score,
        "max_score": MAX_SCORE,
        "services": list(exercise.services),
        "message": exercise.message,
        "seconds": round(exercise.seconds, 3),
        "checks": [_check(result) for result in exercise.checks],
    }


def _check(result: CheckResult) -> dict[str, Any]:
    return {
        "id": result.check.id,
        "title": result.check.title,
        "stage": result.check.stage,
        "points": result.check.points,
        "earned": result.earned,
        "verdict": result.verdict.value,
        "message": result.message,
        "transcript": result.transcript,
        "hint": result.check.hint,
        "seconds": round(result.seconds, 3),
        "milestone": result.check.milestone,
    }
