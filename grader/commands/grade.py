"""`grade`: grades exercises, writes the reports that were asked for, and says what to do next."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from grader.catalog import Catalog, find_submission, is_single_file, last_worked_on, was_handed_in
from grader.commands.exit_status import AT_FAULT, BELOW_MIN_SCORE, OK
from grader.commands.learner import hint_offer, history_of
from grader.commands.look import add_plain, look
from grader.commands.options import TARGETS, add_targets, number, whole
from grader.commands.output import STDOUT, check_output, write_output
from grader.errors import UsageError
from grader.model import MAX_SCORE, Exercise, Level, Report

_FORMATS = ("json", "junit", "markdown", "html", "gradescope")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to grade, where the work lies, how, and what to write."""
    add_targets(parser, TARGETS.replace("all", "the one you worked on last"))
    add = parser.add_argument
    add("--submission", type=Path, metavar="DIR", help="grade this folder, .zip, .tar.gz or file instead of exercises/")
    for name in _FORMATS:
        add(f"--{name}", type=Path, metavar="FILE", help=f"write the report as {name}; - is standard output")
    add("--seed", type=whole(0, 2**32 - 1), metavar="N", help="draw the same examples as the report with this seed")
    add("--min-score", type=number(0, MAX_SCORE), metavar="N", help="end with status 1 below this score")
    add("--jobs", type=whole(1, 1024), metavar="N", help="exercises at once; default: one per core")
    add("--timeout", type=number(0.1, 86_400), metavar="S", help="seconds that one check may take at most")
    levels = [level.value for level in Level]
    add("--isolation", choices=levels, help="run cells at this level; default: the strongest that works")
    add("--require", choices=levels, help="refuse to grade below this level")
    add("--no-cache", action="store_true", help="grade anew what has not changed since it was graded")
    add_plain(parser)
    add("--quiet", action="store_true", help="print no report and no progress")


def run(arguments: argparse.Namespace) -> int:
    """Grade, report, and return the exit status."""
    catalog = Catalog.load(arguments.kit)
    exercises = _exercises_to_grade(catalog, arguments)
    outputs = _outputs(arguments)

    from grader.grading import grade
    from grader.progress import Progress
    from grader.remembering import Memory, default_folder
    from grader.scoring import is_grader_at_fault

    jobs = [(exercise, find_submission(exercise, arguments.submission)) for exercise in exercises]
    isolation = Level(arguments.isolation) if arguments.isolation else None
    require = Level(arguments.require) if arguments.require else None
    memory = None if arguments.no_cache else Memory(default_folder())
    seen = look(arguments, sys.stderr)
    is_silent = arguments.quiet or arguments.plain
    with Progress(exercises, sys.stderr, silent=is_silent, ascii_only=seen.ascii_only) as progress:
        report = grade(
            jobs,
            seed=_seed(arguments),
            isolation=isolation,
            require=require,
            timeout=arguments.timeout,
            parallel=arguments.jobs,
            allow_bare=arguments.submission is None or isolation is Level.BARE,
            memory=memory,
            on_event=progress.on_event,
        )
    if progress.stored and not arguments.quiet:
        print(textwrap.fill(_said_to_be_stored(progress.stored), seen.width), file=sys.stderr)
    history = history_of(catalog)
    if arguments.submission is None:
        history.record(jobs, report)
    _write(report, outputs)
    if not arguments.quiet and STDOUT not in outputs.values():
        _print_report(report, arguments)
        if arguments.submission is None and len(exercises) == 1 and (offer := hint_offer(exercises[0], history)):
            print(f"\n{offer}")
    gc.freeze()  # Python looks through all that is left when it ends, which takes longer than to import it
    if is_grader_at_fault(*report.exercises):
        return AT_FAULT
    if arguments.min_score is not None and report.score < arguments.min_score:
        return BELOW_MIN_SCORE
    return OK


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
    if is_single_file(source) and len(exercises) > 1:
        raise UsageError(f"{source} is one file; name the one exercise that it is for")
    return exercises


def _said_to_be_stored(names: Sequence[str]) -> str:
    which = names[0] if len(names) == 1 else f"{len(names)} exercises"
    return f"{which}: stored report, for nothing has changed since it was made; --no-cache grades anew"


def _seed(arguments: argparse.Namespace) -> int:
    """The seed asked for; 0 for a learner at work, who wants a fault twice; else one that nobody foresees."""
    if arguments.seed is not None:
        return int(arguments.seed)
    unattended = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return int.from_bytes(os.urandom(4)) if arguments.submission or unattended else 0


def _outputs(arguments: argparse.Namespace) -> dict[str, Path]:
    """Format -> file. What cannot be written is said before the grading, not after."""
    outputs = {name: path for name in _FORMATS if (path := getattr(arguments, name)) is not None}
    if list(outputs.values()).count(STDOUT) > 1:
        raise UsageError("only one report can go to standard output")
    for name, path in outputs.items():
        check_output(name, path)
    return outputs


def _write(report: Report, outputs: dict[str, Path]) -> None:
    from grader.report import FORMATS

    for name, path in outputs.items():
        write_output(name, path, FORMATS[name](report))


def _print_report(report: Report, arguments: argparse.Namespace) -> None:
    from grader.report.to_terminal import to_terminal

    seen = look(arguments)
    sys.stdout.write(
        to_terminal(
            report,
            width=seen.width,
            coloured=seen.coloured,
            ascii_only=seen.ascii_only,
            advice=arguments.submission is None,
        )
    )
