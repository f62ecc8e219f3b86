"""``python -m tests.bench [CASE ...]``: measures, prints a table, keeps the ratios in ``latest.json``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from rich.console import Console

from tests.bench import batches, cells, figures, grading, peers, starting, warm
from tests.bench.processes import COUNTS_ALL, Failed

#: Name -> what measures it; told how often to repeat.
CASES: dict[str, Callable[[int], list[figures.Figure]]] = {
    "cold": grading.cold,
    "stateful": cells.stateful,
    "calls": cells.calls,
    "start": starting.command_line,
    "nox": starting.nox,
    "isolated": grading.isolated,
    "warm": warm.saved,
    "batch": batches.batch,
    "growth": batches.growth,
    **{peer.name: peer.measure for peer in peers.PEERS},
}


def main() -> int:
    """Measure; the exit status is 1 when a figure is worse than it may be, 3 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="pairs of runs; default: 5")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    console = Console(width=110)
    found: list[figures.Figure] = []
    status = 0
    for name in arguments.cases or CASES:
        with console.status(f"measuring: {name}"):
            try:
                found += CASES[name](arguments.repeat)
            except Failed as failure:
                console.print(f"{name}: {failure}", markup=False)
                status = 3
    figures.draw(found, console)
    if not COUNTS_ALL:
        console.print("CPU of sealed cells is not in these figures: no control group can be made here.")
    figures.keep(found)
    return status or int(any(figure.is_missed for figure in found))


if __name__ == "__main__":
    sys.exit(main())
