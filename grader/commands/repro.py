"""`repro`: writes one file that shows on one's own code, with plain Python, what a check has found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grader.catalog import Catalog, find_submission, layout
from grader.commands.exit_status import OK
from grader.commands.options import whole
from grader.errors import UsageError
from grader.model import CheckResult, Exercise, ExerciseReport, Verdict

_STDOUT = Path("-")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The exercise, the check, where the work lies, and the file to write."""
    add = parser.add_argument
    add("name", metavar="TRACK/NAME")
    add("check", nargs="?", default="", help="the check's id or a part of its title; default: the first to be shown")
    add("--submission", type=Path, metavar="DIR", help="the folder of the work instead of exercises/")
    add("--out", type=Path, metavar="FILE", help="the file to write, - is standard output; default: repro_<check>.py")
    add("--seed", type=whole(0, 2**32 - 1), default=0, metavar="N", help="the seed of the report that you hold")


def run(arguments: argparse.Namespace) -> int:
    """Grade, choose the check, write the file."""
    from grader.grading import grade
    from grader.repro.proof import Unshown, prove

    exercise = Catalog.load(arguments.kit).get(arguments.name)
    folder = _folder(exercise, arguments.submission)
    submission = find_submission(exercise, arguments.submission)
    if submission.problem:
        raise UsageError(submission.problem)
    options = {"seed": arguments.seed, "record": True, "allow_bare": arguments.submission is None}
    (report,) = grade([(exercise, submission)], **options).exercises
    results = _chosen(report, arguments.check)
    if not results:
        print(f"{exercise.name}: {'not started' if not report.was_run else 'every check passes'}; nothing to show")
        return OK
    try:
        result, text = prove(exercise, results, folder)
    except Unshown as reasons:
        raise UsageError(f"{exercise.name}: no file can show what failed\n{reasons}") from None
    out = arguments.out or Path(f"repro_{result.check.id.removeprefix('test_')}.py")
    if out == _STDOUT:
        sys.stdout.write(text)
        return OK
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror}") from None
    print(f"{result.check.title}: {result.message.partition(chr(10))[0]}\nrun it: python {out} [--pdb]")
    return OK


def _folder(exercise: Exercise, source: Path | None) -> Path:
    """The folder that the learner's module lies in."""
    if source is None:
        return exercise.folder
    for parts in layout.places(exercise):
        folder = source.joinpath(*parts)
        if (
            layout.module_file(folder, exercise.module).exists()
            or layout.module_package(folder, exercise.module).is_dir()
        ):
            return folder.resolve()
    raise UsageError(f"{source} is no folder that holds {exercise.module}; unpack it first")


def _chosen(report: ExerciseReport, wanted: str) -> list[CheckResult]:
    """The failed check that was asked for, or all."""
    counted = (Verdict.PASSED, Verdict.NOT_GRADED, Verdict.INTERNAL_ERROR)
    failed = [result for result in report.checks if result.verdict not in counted]
    if not wanted:
        return failed if report.was_run else []
    named = [result for result in report.checks if wanted in (result.check.id, result.check.id.removeprefix("test_"))]
    named = named or [result for result in report.checks if wanted.lower() in result.check.title.lower()]
    if not named:
        ids = ", ".join(result.check.id.removeprefix("test_") for result in report.checks)
        raise UsageError(f"{report.name} has no check {wanted}; there are {ids}")
    return [result for result in named if result in failed][:1]
