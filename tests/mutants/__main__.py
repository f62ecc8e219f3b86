"""``python -m tests.mutants [TARGET ...]``: grades every mutant of each reference; names those that nobody noticed.

``survivors.toml`` lists the mutants that are known to survive, each with the reason why no learner could tell it from
the reference. The exit status is 1 when another one survives, or when fewer than 95 % of an exercise's are noticed; an
entry that nothing needs any more is named, too. The reference is graded first: what it answers need not be asked again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from grader.catalog import Catalog, read_submission
from grader.cell.levels import open_cells
from grader.errors import ExerciseError
from grader.model import MAX_SCORE, Exercise, RunOptions, Submission, Verdict
from grader.running import Job, run_jobs
from grader.suite.dialogues import Dialogues
from grader.suite.warm import warm_up
from tests.mutants.operators import Mutant, mutants

KNOWN = Path(__file__).with_name("survivors.toml")
NOTICED_AT_LEAST = 0.95
SEED = 0
_TIMEOUT_S = 10.0  # of a check; a mutant that runs for ever is noticed


@dataclass
class Result:
    """What became of one exercise's mutants."""

    total: int = 0
    survived: list[tuple[str, Mutant]] = field(default_factory=list)

    @property
    def noticed(self) -> float:
        return 1 - len(self.survived) / self.total if self.total else 1.0


def main() -> int:
    """Grade and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="tracks and exercises; default: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    arguments = parser.parse_args()
    known = tomllib.loads(KNOWN.read_text(encoding="utf-8"))
    console = Console(width=120, highlight=False, markup=False)
    table = Table("exercise", "mutants", "noticed", "explained", "unexplained")
    unexplained = 0
    too_few = []
    for exercise in Catalog.load().select(arguments.targets):
        result = grade_mutants(exercise, arguments.jobs)
        new, idle = compare(result.survived, known.get(exercise.name, []))
        for file, mutant in new:
            console.print(f"{exercise.name}: nobody noticed {file}:{mutant.line} {mutant.place}: {mutant.change}")
        for file, place, change in idle:
            console.print(f"{exercise.name}: listed, but noticed or not there any more: {file} {place}: {change}")
        explained = len(result.survived) - len(new)
        table.add_row(exercise.name, str(result.total), f"{result.noticed:.1%}", str(explained), str(len(new)))
        unexplained += len(new)
        if result.noticed < NOTICED_AT_LEAST:
            too_few.append(exercise.name)
    console.print(table)
    return int(bool(unexplained or too_few))


def compare(
    survived: Iterable[tuple[str, Mutant]], listed: Iterable[dict[str, str]]
) -> tuple[list[tuple[str, Mutant]], list[tuple[str, str, str]]]:
    """The survivors that are not listed, and the entries that none has. An entry explains one mutant of its place."""
    left = Counter((entry["file"], entry["place"], entry["change"]) for entry in listed)
    new = []
    for file, mutant in survived:
        key = file, mutant.place, mutant.change
        if left[key]:
            left[key] -= 1
        else:
            new.append((file, mutant))
    return new, list(left.elements())


def grade_mutants(exercise: Exercise, parallel: int) -> Result:
    """Grades the reference, then each mutant until it loses a check."""
    reference = read_submission(exercise, exercise.hidden)
    made = list(_mutants_of(reference))
    result = Result(total=len(made))
    options = RunOptions(SEED, _TIMEOUT_S, shrink=False, first_loss=True)
    dialogues = Dialogues()
    with closing(open_cells(seed=SEED, preload=exercise.cell.preload, meanwhile=warm_up)) as cells, Progress() as bar:
        for _, report in run_jobs([(exercise, reference)], cells, options, parallel, dialogues=dialogues):
            if report.score != MAX_SCORE:
                raise ExerciseError(
                    exercise.hidden,
                    f"its reference earns {report.score} points",
                    f"run `verify {exercise.name}`",
                )
        task = bar.add_task(exercise.name, total=len(made))
        jobs = _jobs(exercise, reference, made)
        for number, report in run_jobs(jobs, cells, options, parallel, dialogues=dialogues):
            bar.advance(task)
            if not any(check.verdict.counts and check.verdict is not Verdict.PASSED for check in report.checks):
                result.survived.append(made[number])
    result.survived.sort(key=lambda pair: (pair[0], pair[1].line))
    return result


def _mutants_of(submission: Submission) -> Iterator[tuple[str, Mutant]]:
    for name, content in sorted(submission.files.items()):
        if name.endswith(".py"):
            yield from ((name, mutant) for mutant in mutants(content.decode()))


def _jobs(exercise: Exercise, reference: Submission, made: Iterable[tuple[str, Mutant]]) -> Iterator[Job]:
    for name, mutant in made:
        yield exercise, Submission(f"{name}:{mutant.line}", reference.files | {name: mutant.source.encode()})


if __name__ == "__main__":
    sys.exit(main())
