"""What was measured: one figure a line, drawn as a table and kept without what depends on the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.processes import Usage

LATEST = Path(__file__).with_name("latest.json")


@dataclass(frozen=True)
class Figure:
    """A cost, in seconds, or an exponent, beside that of the same work done the plain way, in the same run.

    ``limit`` is the ratio that must not be exceeded, if there is one; a cost of at most ``free`` seconds is never too
    much, whatever the ratio.
    """

    name: str
    unit: str
    ours: float
    plain: float
    plainly: str
    limit: float | None = None
    free: float = 0.0

    @property
    def ratio(self) -> float:
        return self.ours / self.plain

    @property
    def is_missed(self) -> bool:
        """Whether the figure is worse than it may be."""
        return self.limit is not None and self.ratio > self.limit and self.ours > self.free


def both(
    name: str, ours: Usage, plain: Usage, plainly: str, *, limit: float | None = None, cpu_limit: float | None = None
) -> list[Figure]:
    """What was used, in wall time and in CPU time."""
    return [
        Figure(name, "wall", ours.wall, plain.wall, plainly, limit=limit),
        Figure(name, "CPU", ours.cpu, plain.cpu, plainly, limit=cpu_limit),
    ]


def draw(figures: Iterable[Figure], console: Console) -> None:
    """The table for people."""
    table = Table("", "ours", "against", "", "ratio", "at most", title="Onspot, measured in this run")
    for column in (1, 3, 4, 5):
        table.columns[column].justify = "right"
    for figure in figures:
        style = "red" if figure.is_missed else "green" if figure.limit is not None else ""
        limit = "" if figure.limit is None else f"{figure.limit:.3g}"
        if figure.free:
            limit += f" or {figure.free:g} s"
        table.add_row(
            f"{figure.name}, {figure.unit}",
            _shown(figure.ours, figure.unit),
            figure.plainly,
            _shown(figure.plain, figure.unit),
            f"[{style}]{figure.ratio:.2f}[/]" if style else f"{figure.ratio:.2f}",
            limit,
        )
    console.print(table)


def keep(figures: Iterable[Figure], path: Path = LATEST) -> None:
    """Writes the ratios, which other machines may be compared by; those not measured this time stay."""
    kept = json.loads(path.read_text(encoding="utf-8"))["ratios"] if path.is_file() else {}
    kept |= {f"{figure.name}, {figure.unit}": float(f"{figure.ratio:.2g}") for figure in figures}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    text = json.dumps({"python": python, "ratios": dict(sorted(kept.items()))}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def _shown(value: float, unit: str) -> str:
    if unit == "exponent":
        return f"{value:.2f}"
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.2f} s"
