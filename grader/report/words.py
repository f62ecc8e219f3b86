"""The words and signs in which reports speak to people. No state is told by colour alone."""

from __future__ import annotations

from grader.model import Status, Verdict

#: What a learner types to grade an exercise, and to give another command.
GRADE = "nox -s grade -- {}"
GRADER = "python -m grader {}"

_MANY_MINUTES, _MANY_HOURS = 120, 48

_STATUS = {
    Status.PASSED: ("passed", "\u2713", "+", "green"),
    Status.PARTIAL: ("partial", "\u25d0", "~", "yellow"),
    Status.FAILED: ("failed", "\u2717", "x", "red"),
    Status.NOT_STARTED: ("not started", "\u25cb", "-", "dim"),
    Status.INVALID: ("invalid", "!", "!", "red"),
    Status.NOT_GRADED: ("not graded", "?", "?", "magenta"),
}

_VERDICT = {
    Verdict.PASSED: ("passed", "\u2713", "+", "green"),
    Verdict.FAILED: ("wrong answer", "\u2717", "x", "red"),
    Verdict.ERROR: ("your code raised an error", "\u2717", "x", "red"),
    Verdict.TIMEOUT: ("no answer in time", "\u2717", "x", "red"),
    Verdict.MEMORY: ("out of memory", "\u2717", "x", "red"),
    Verdict.OUTPUT: ("too much output", "\u2717", "x", "red"),
    Verdict.CRASHED: ("the process died", "\u2717", "x", "red"),
    Verdict.NOT_GRADED: ("not graded here", "?", "?", "magenta"),
    Verdict.INTERNAL_ERROR: ("the grader's own fault", "?", "?", "magenta"),
}


def status_word(status: Status) -> str:
    return _STATUS[status][0]


def verdict_word(verdict: Verdict) -> str:
    return _VERDICT[verdict][0]


def sign(state: Status | Verdict, *, ascii_only: bool = False) -> str:
    """One character for the state; the word always stands beside it."""
    words = _STATUS[state] if isinstance(state, Status) else _VERDICT[state]
    return words[2] if ascii_only else words[1]


def colour(state: Status | Verdict) -> str:
    """The state's colour, as rich names it."""
    return (_STATUS[state] if isinstance(state, Status) else _VERDICT[state])[3]


def number(score: float) -> str:
    """A score without needless decimals: 100, 66.67, 0."""
    return f"{score:.2f}".rstrip("0").rstrip(".")


def count(of: int, noun: str) -> str:
    """As in "1 attempt", "4 attempts"."""
    return f"{of} {noun}" + ("" if of == 1 else "s")


def duration(minutes: int) -> str:
    """Minutes in the unit that people would use."""
    if minutes < 1:
        return "less than a minute"
    if minutes < _MANY_MINUTES:
        return count(minutes, "minute")
    hours = round(minutes / 60)
    return count(hours, "hour") if hours < _MANY_HOURS else count(round(hours / 24), "day")
