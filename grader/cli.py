"""The command line: one function per command, which imports what it needs only when it runs."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.arguments import FORMAT_OPTIONS, STDOUT, parse
from grader.catalog import Catalog, find_submission, last_worked_on, layout, was_handed_in
from grader.errors import ExerciseError, GraderError, UsageError
from grader.model import Exercise, Level, Report

OK, BELOW_MIN_SCORE, USAGE, AT_FAULT, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    0 graded, and at least ``--min-score``; 1 below it; 2 wrong usage; 3 an exercise or the grader at fault.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow locale must not stop a report
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        status = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has gone
        return OK
    except KeyboardInterrupt:
        print("grader: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - nothing stands above this to catch it
        sys.excepthook(*sys.exc_info())
        print("grader: this is a fault of the grader; please report it", file=sys.stderr)
        return AT_FAULT  # Python's own status for this, 1, would say "below --min-score"
    return status


def grade(arguments: argparse.Namespace) -> int:
    """Grade exercises, write the reports that were asked for, and say what to do next."""
    catalog = Catalog.load(arguments.kit)
    exercises = _exercises_to_grade(catalog, arguments)
    outputs = _outputs(arguments)

    from grader.grading import grade as grade_jobs
    from grader.progress import Progress
    from grader.scoring import is_grader_at_fault

    jobs = [(exercise, find_submission(exercise, arguments.submission)) for exercise in exercises]
    isolation = Level(arguments.isolation) if arguments.isolation else None
    require = Level(arguments.require) if arguments.require else None
    with Progress(exercises, sys.stderr, silent=arguments.quiet, ascii_only=arguments.plain) as progress:
        report = grade_jobs(
            jobs,
            seed=_seed(arguments),
            isolation=isolation,
            require=require,
            timeout=arguments.timeout,
            parallel=arguments.jobs,
            allow_bare=arguments.submission is None or isolation is Level.BARE,
            on_event=progress.on_event,
        )
    _write(report, outputs)
    if not arguments.quiet and STDOUT not in outputs.values():
        _print_report(report, arguments)
    gc.freeze()  # Python looks through all that is left when it ends, which takes longer than to import it
    if is_grader_at_fault(report):
        return AT_FAULT
    if arguments.min_score is not None and report.score < arguments.min_score:
        return BELOW_MIN_SCORE
    return OK


def list_exercises(arguments: argparse.Namespace) -> int:
    """One line per exercise: name, minutes, difficulty, title."""
    catalog = Catalog.load(arguments.kit)
    exercises = catalog.select(arguments.targets) if arguments.targets else tuple(catalog)
    width = max((len(exercise.name) for exercise in exercises), default=0)
    for exercise in exercises:
        print(f"{exercise.name:{width}}  {exercise.minutes:3} min  {exercise.difficulty:6}  {exercise.title}")
    for fault in catalog.faults.values():
        print(f"grader: {fault}", file=sys.stderr)
    return AT_FAULT if catalog.faults else OK


def show(arguments: argparse.Namespace) -> int:
    """The statement of an exercise, drawn where a person reads it and as it is written elsewhere."""
    exercise = Catalog.load(arguments.kit).get(arguments.name)
    try:
        statement = layout.statement(exercise).read_text(encoding="utf-8")
    except OSError as error:
        raise ExerciseError(layout.statement(exercise), f"cannot be read: {error.strerror}") from None
    if arguments.plain or not sys.stdout.isatty():
        print(statement.rstrip())
        return OK

    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=min(100, shutil.get_terminal_size().columns))
    console.print(Markdown(statement))
    return OK


def new(arguments: argparse.Namespace) -> int:
    """Write a skeleton and say how to go on."""
    from grader.new import create

    root = arguments.kit or layout.default_root()
    for path in create(root, arguments.name):
        print(path)
    print(f"\nFill them in from the statement on, then: python -m grader verify {arguments.name}")
    return OK


def verify(arguments: argparse.Namespace) -> int:
    """Prove exercises; each fault names the file and the mend."""
    from grader.verify import verify as verify_exercises

    exercises = Catalog.load(arguments.kit).select(arguments.targets)
    return verify_exercises(exercises, parallel=arguments.jobs or os.cpu_count() or 1)


def doctor(arguments: argparse.Namespace) -> int:
    """Tell what this machine can do."""
    from grader.doctor import examine

    for subject, finding in examine(arguments.kit):
        print(f"{subject:10} {finding}", flush=True)
    return OK


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "grade": grade,
    "list": list_exercises,
    "show": show,
    "new": new,
    "verify": verify,
    "doctor": doctor,
}


def _exercises_to_grade(catalog: Catalog, arguments: argparse.Namespace) -> tuple[Exercise, ...]:
    """What the targets name; without any, what was handed in, or what the learner worked on last, or all."""
    source: Path | None = arguments.submission
    if source is None:
        latest = None if arguments.targets else last_worked_on(catalog)
        return (latest,) if latest else catalog.select(arguments.targets)
    if not source.exists():
        raise UsageError(f"there is no file or folder {source} to grade")
    exercises = catalog.select(arguments.targets)
    if not arguments.targets:
        exercises = tuple(exercise for exercise in exercises if was_handed_in(exercise, source))
    if not exercises:
        raise UsageError(f"{source} holds no exercise of this kit; name the exercise that it is for")
    if not source.is_dir() and len(exercises) > 1:
        raise UsageError(f"{source} is one file; name the one exercise that it is for")
    return exercises


def _seed(arguments: argparse.Namespace) -> int:
    """The seed asked for; 0 for a learner at work, who wants a fault twice; else one that nobody foresees."""
    if arguments.seed is not None:
        return int(arguments.seed)
    unattended = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return int.from_bytes(os.urandom(4)) if arguments.submission or unattended else 0


def _outputs(arguments: argparse.Namespace) -> dict[str, Path]:
    """Format -> file. What cannot be written is said before the grading, not after."""
    outputs = {name: path for name in FORMAT_OPTIONS if (path := getattr(arguments, name)) is not None}
    if list(outputs.values()).count(STDOUT) > 1:
        raise UsageError("only one report can go to standard output")
    for name, path in outputs.items():
        if path != STDOUT and (path.is_dir() or not path.parent.is_dir()):
            raise UsageError(f"--{name} {path} cannot be written; name a file in a folder that is there")
    return outputs


def _write(report: Report, outputs: dict[str, Path]) -> None:
    from grader.report import FORMATS

    for name, path in outputs.items():
        text = FORMATS[name](report)
        if path == STDOUT:
            sys.stdout.write(text)
            continue
        try:
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"--{name} {path} cannot be written: {error.strerror}") from None


def _print_report(report: Report, arguments: argparse.Namespace) -> None:
    from grader.report.to_terminal import to_terminal

    wanted = not arguments.plain and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    sys.stdout.write(
        to_terminal(
            report,
            width=max(60, min(110, shutil.get_terminal_size((100, 24)).columns)),
            coloured=wanted and sys.stdout.isatty(),
            ascii_only=arguments.plain,
            advice=arguments.submission is None,
        )
    )
