"""What a batch leaves in its folder: a report for each submission, a gradebook, and a summary of the course."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.batch.ledger import cannot_write
from grader.batch.summary import Summary
from grader.model import Exercise, Report
from grader.report import to_gradescope, to_json
from grader.report.words import number, status_word


def write_report(out: Path, name: str, report: Report) -> None:
    """``reports/<name>.json``, and the same for Gradescope."""
    _write(out / "reports" / f"{name}.json", to_json(report))
    _write(out / "gradescope" / f"{name}.json", to_gradescope(report))


def write_all(out: Path, exercises: Sequence[Exercise], reports: Iterable[tuple[str, Report]]) -> None:
    """Every report that a crash has kept from being written, ``gradebook.csv`` and ``summary.html``."""
    summary = Summary(exercises)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["name", "score", *(f"{each.name} {what}" for each in exercises for what in ("score", "status"))])
    for name, report in reports:
        write_report(out, name, report)
        summary.add(report)
        found = {exercise.name: exercise for exercise in report.exercises}
        cells = [(number(found[each.name].score), status_word(found[each.name].status)) for each in exercises]
        rows.writerow([_harmless(name), number(report.score), *(cell for pair in cells for cell in pair)])
    _write(out / "gradebook.csv", table.getvalue())
    _write(out / "summary.html", summary.page())


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write(path: Path, text: str) -> None:
    """Writes a whole file or none: a reader, or the next run after a crash, never sees half of it.

    Raises:
        UnavailableError: the disk is full, or has another reason.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from None
