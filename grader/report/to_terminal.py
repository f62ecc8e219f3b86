"""The report for a person at a terminal: the scoreboard, what was lost and why, and what to do next."""

from __future__ import annotations

from rich.text import Text

from grader.model import MAX_SCORE, CheckResult, ExerciseReport, Report, Status, Verdict
from grader.report.next_step import next_step
from grader.report.page import Entry, Page
from grader.report.text import one_line
from grader.report.told_once import told_once
from grader.report.words import colour, number, sign, status_word, verdict_word

#: Of one exercise every lost check is shown; of several only the first few.
FIRST_FEW = 3
#: The states whose reason stands on the scoreboard in place of the title.
_TELL_WHY = (Status.INVALID, Status.NOT_GRADED)
#: Lines shown of one message and of one transcript.
MESSAGE_LINES = 20
TRANSCRIPT_LINES = 40


def to_terminal(
    report: Report,
    *,
    width: int = 100,
    coloured: bool = False,
    ascii_only: bool = False,
    advice: bool = True,
    every_check: bool = False,
) -> str:
    """The report as lines of at most ``width`` characters, but for lines that the submission wrote.

    ``ascii_only`` draws no boxes and no symbols. ``advice`` says what a learner may do next.
    ``every_check`` shows all that was lost, also where several exercises were graded.
    """
    page = Page(width, ascii_only)
    page.add()
    _add_scoreboard(page, report)
    ran = [exercise for exercise in report.exercises if exercise.was_run]
    lost = [(exercise, check) for exercise in ran for check in exercise.checks if _is_shown(check)]
    shown = lost if every_check or len(report.exercises) == 1 else lost[:FIRST_FEW]
    for exercise in report.exercises:
        checks = [check for owner, check in shown if owner is exercise]
        alone = len(report.exercises) == 1 and exercise.status is not Status.NOT_STARTED
        if checks or (exercise.message and (exercise.was_run or alone)):
            _add_details(page, exercise, checks)
    if len(lost) > len(shown):
        page.add()
        page.add(f"{len(lost) - len(shown)} more checks were lost; grade one exercise to see all of its checks.")
    _add_foot(page, report)
    if advice:
        page.add()
        for line in next_step(report):
            if line.startswith(" "):
                page.add_command(line.strip())
            else:
                page.add(line)
    return page.render(coloured)


def _add_scoreboard(page: Page, report: Report) -> None:
    """One line per exercise; a line per track where there are several; the whole score."""
    tracks = report.track_scores()
    among = [_entry(exercise) for exercise in report.exercises]
    for track, score in tracks.items():
        if len(tracks) > 1:
            page.add(f"{track}: {number(score)} of {MAX_SCORE}", "bold")
        page.add_entries([entry for entry in among if entry.name.startswith(f"{track}/")], among)
    page.add()
    page.add(f"Score: {number(report.score)} of {MAX_SCORE}", "bold")


def _entry(exercise: ExerciseReport) -> Entry:
    remark = exercise.message if exercise.status in _TELL_WHY else exercise.title
    columns = (status_word(exercise.status), f"{number(exercise.score):>6}")
    return Entry(exercise.status, exercise.name, columns, remark)


def _add_details(page: Page, exercise: ExerciseReport, checks: list[CheckResult]) -> None:
    page.add()
    page.add(Text(f"{exercise.name}: {status_word(exercise.status)}, {number(exercise.score)}", "bold"))
    if exercise.message:
        page.add_quoted(exercise.message, MESSAGE_LINES)
    for check in told_once(checks):
        page.add()
        _add_check(page, check)


def _add_check(page: Page, result: CheckResult) -> None:
    """A check that was lost: what it is worth, what happened, the calls that show it, and its hint."""
    check = result.check
    milestone = f"{check.milestone}, " if check.milestone else ""
    page.add(
        Text.assemble(
            (f"{sign(result.verdict, ascii_only=page.ascii_only)} ", colour(result.verdict)),
            (one_line(check.title), "bold"),
            f" ({milestone}{check.stage}, {check.points} points): ",
            (verdict_word(result.verdict), colour(result.verdict)),
        )
    )
    if result.message:
        page.add_quoted(result.message, MESSAGE_LINES)
    if result.transcript:
        if result.message:
            page.add_quoted("", 1)
        page.add_quoted(result.transcript, TRANSCRIPT_LINES, "dim")
    if check.hint and result.verdict.counts:
        page.add(f"  Hint: {one_line(check.hint)}")


def _add_foot(page: Page, report: Report) -> None:
    """How the grading was done, for whoever wants to repeat it."""
    page.add()
    page.add(f"Seed {report.seed}, isolation {report.isolation.level}.", "dim")
    if report.isolation.missing:
        remedy = f" To get it: {report.isolation.remedy}" if report.isolation.remedy else ""
        page.add(f"Not available here: {', '.join(report.isolation.missing)}.{remedy}", "dim")


def _is_shown(result: CheckResult) -> bool:
    """A check that was lost or that the grader is at fault for; what could not be graded is summed up."""
    return result.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED)
