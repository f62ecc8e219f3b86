"""What a course has learnt: how the scores are spread, and which checks most submissions fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from string import Template

from grader.model import MAX_SCORE, Check, Exercise, ExerciseReport, Report, Status, Verdict
from grader.report.words import number, verdict_word

_STEP = 10  # points of one column of the spread


@dataclass
class _Tally:
    """One check over all submissions that it was run on."""

    check: Check
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def run(self) -> int:
        return self.verdicts.total()

    @property
    def lost(self) -> int:
        return self.run - self.verdicts[Verdict.PASSED]


class _Exercise:
    """One exercise over all submissions."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.statuses: Counter[Status] = Counter()
        self.spread = [0] * (MAX_SCORE // _STEP + 1)
        self.total = 0.0
        self.checks: dict[str, _Tally] = {}

    def add(self, report: ExerciseReport) -> None:
        self.statuses[report.status] += 1
        if report.status is Status.NOT_GRADED:
            return
        self.spread[int(report.score // _STEP)] += 1
        self.total += report.score
        if report.was_run:
            for result in report.checks:
                self.checks.setdefault(result.check.id, _Tally(result.check)).verdicts[result.verdict] += 1

    @property
    def mean(self) -> float:
        count = sum(self.spread)
        return round(self.total / count, 2) if count else 0.0


class Summary:
    """Counts, whose size does not depend on how many submissions there are."""

    def __init__(self, exercises: Sequence[Exercise]) -> None:
        self._exercises = {exercise.name: _Exercise(exercise) for exercise in exercises}
        self.submissions = 0

    def add(self, report: Report) -> None:
        """Counts one submission in."""
        self.submissions += 1
        for exercise in report.exercises:
            self._exercises[exercise.name].add(exercise)

    def page(self) -> str:
        """One page of HTML that needs nothing else."""
        parts = "\n".join(map(_section, self._exercises.values()))
        return _PAGE.substitute(count=_counted(self.submissions, "submission"), parts=parts)


def _section(found: _Exercise) -> str:
    statuses = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in found.statuses.most_common())
    tallies = sorted(found.checks.values(), key=lambda tally: -tally.lost / tally.run)
    return _SECTION.substitute(
        id=escape(found.exercise.name.replace("/", "-")),
        name=escape(found.exercise.name),
        title=escape(found.exercise.title),
        mean=number(found.mean),
        statuses=escape(statuses),
        spread="\n".join(_column(place, count, max(found.spread)) for place, count in enumerate(found.spread)),
        checks="\n".join(map(_row, tallies)) or '<tr><td colspan="4">no check was run</td></tr>',
    )


def _column(place: int, count: int, most: int) -> str:
    low = place * _STEP
    scores = f"{low} to {low + _STEP - 1}" if low < MAX_SCORE else str(MAX_SCORE)
    return f'<tr><th scope="row">{scores}</th><td>{count}</td><td>{_bar(count, most)}</td></tr>'


def _row(tally: _Tally) -> str:
    kinds = [
        f"{count} {verdict_word(verdict)}"
        for verdict, count in tally.verdicts.most_common()
        if verdict is not Verdict.PASSED
    ]
    return (
        f'<tr><th scope="row">{escape(tally.check.title)} <small>{escape(tally.check.stage)}, '
        f"{tally.check.points} points</small></th><td>{tally.lost} of {tally.run}</td>"
        f"<td>{_bar(tally.lost, tally.run)}</td><td>{escape(', '.join(kinds))}</td></tr>"
    )


def _bar(count: int, most: int) -> str:
    share = 100 * count / most if most else 0
    return f'<div class="bar" style="width:{share:.1f}%"></div>'


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


_SECTION = Template("""\
<section aria-labelledby="$id">
<h2 id="$id">$name <small>$title</small></h2>
<p>Mean score $mean of 100: $statuses.</p>
<h3>Scores</h3>
<table class="spread"><thead><tr><th scope="col">score</th><th scope="col">submissions</th>
<td></td></tr></thead>
<tbody>
$spread
</tbody></table>
<h3>Checks, the most often failed first</h3>
<div class="wide" tabindex="0" role="region" aria-label="Checks of $name">
<table><thead><tr><th scope="col">check</th><th scope="col">failed</th><td></td><th scope="col">how</th></tr></thead>
<tbody>
$checks
</tbody></table></div>
</section>""")

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Onspot: summary of a batch</title>
<style>
:root { color-scheme: light dark; --ink: #1c2128; --paper: #fff; --line: #d0d7de; --bar: #b35900; --dim: #57606a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --bar: #e3954f; --dim: #9198a1; }
}
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
small { color: var(--dim); font-weight: normal; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
tbody th { font-weight: normal; }
td:nth-child(2) { white-space: nowrap; text-align: right; }
td:nth-child(3) { width: 30%; }
.bar { height: .9rem; margin-top: .3rem; background: var(--bar); }
.wide { overflow-x: auto; }
</style>
</head>
<body>
<main>
<h1>Summary of $count</h1>
$parts
</main>
</body>
</html>
""")
