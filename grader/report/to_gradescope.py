"""The report as the ``results.json`` that Gradescope reads.

Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
"""

from __future__ import annotations

import json
from typing import Any

from grader.model import CheckResult, ExerciseReport, Report, Verdict
from grader.report.text import json_text, plain
from grader.report.words import status_word, verdict_word


def to_gradescope(report: Report) -> str:
    """One test for each check that counts; hidden inputs never appear, so all of it may be seen by the learner."""
    told = [f"Onspot {report.kit}, seed {report.seed}, isolation {report.isolation.level}"]
    told += [f"{exercise.name}: {exercise.message}" for exercise in report.exercises if exercise.message]
    values: dict[str, Any] = {
        "score": report.score,
        "output_format": "text",
        "output": plain("\n\n".join(told)),
        "visibility": "visible",
        "tests": [
            _test(exercise, result)
            for exercise in report.exercises
            for result in exercise.checks
            if result.verdict.counts
        ],
    }
    return json_text(json.dumps(values, indent=2)) + "\n"


def _test(exercise: ExerciseReport, result: CheckResult) -> dict[str, Any]:
    """A check; of work that could not be run there is nothing to say but why, which is told of the whole."""
    passed = result.verdict is Verdict.PASSED
    is_shown = exercise.was_run and not passed
    state = verdict_word(result.verdict) if exercise.was_run else status_word(exercise.status)
    said = [result.message, result.transcript, f"Hint: {result.check.hint}"] if is_shown else []
    return {
        "name": f"{exercise.name}: {result.check.title}" + ("" if passed else f" ({state})"),
        "number": result.check.id,
        "score": result.earned,
        "max_score": result.check.points,
        "status": "passed" if passed else "failed",
        "output": plain("\n\n".join(filter(None, said))),
        "tags": [result.check.stage],
        "visibility": "visible",
    }
