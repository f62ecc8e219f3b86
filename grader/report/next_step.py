"""What a learner may do next, in one or two sentences."""

from __future__ import annotations

from grader.catalog import layout
from grader.model import ExerciseReport, Report, Status, Verdict
from grader.report.words import GRADE, GRADER


def next_step(report: Report) -> list[str]:
    """The advice, line by line: begun work comes before new work, and new work before praise."""
    at_fault = [exercise for exercise in report.exercises if _grader_is_at_fault(exercise)]
    if at_fault:
        return [
            f"The grader or the suite of {at_fault[0].name} is at fault; that costs you no points.",
            "Please report it, with what this prints:",
            f"    {GRADER.format('doctor')}",
        ]
    for status in (Status.PARTIAL, Status.FAILED, Status.INVALID, Status.NOT_STARTED, Status.NOT_GRADED):
        for exercise in report.exercises:
            if exercise.status is status:
                return _step(exercise)
    if not report.exercises:
        return []
    statement = layout.shown_statement(report.exercises[-1].name)
    return [f"All passed. The follow-up questions that an interviewer asks next are in {statement}."]


def _step(exercise: ExerciseReport) -> list[str]:
    again = f"    {GRADE.format(exercise.name)}"
    statement, place = layout.shown_statement(exercise.name), layout.shown_stub(exercise.name)
    match exercise.status:
        case Status.NOT_STARTED:
            return [f"Next: read {statement}, write your solution in {place}, then grade it:", again]
        case Status.INVALID:
            return [
                f"Next: put your solution into {place} under the name that {statement} asks for, then:",
                again,
            ]
        case Status.NOT_GRADED:
            return ["Next: get what is missing here; this shows what that is:", f"    {GRADER.format('doctor')}"]
        case _:
            lost = next(result for result in exercise.checks if result.earned < result.check.points)
            return [
                f'Next: look at {exercise.name}, "{lost.check.title}", then grade it again:',
                again,
            ]


def _grader_is_at_fault(exercise: ExerciseReport) -> bool:
    return any(result.verdict is Verdict.INTERNAL_ERROR for result in exercise.checks)
