"""The README says what is there: every exercise, every field of the report, every command and option."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from grader.arguments import COMMANDS, parse
from grader.catalog import Catalog
from grader.report import FORMATS
from tests.bench import figures
from tests.sample_reports import SAMPLES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(name: str) -> list[str]:
    """The rows between the markers of a name, without the head."""
    shown = README.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]
    return [line for line in shown.splitlines() if line.startswith("| ")][1:]


def test_exercises() -> None:
    """The table of exercises is what the kit holds; the message is the table to paste."""
    rows = [
        f"| `{exercise.name}` | {exercise.minutes} | {exercise.difficulty} | {exercise.title} |"
        for exercise in Catalog.load(ROOT)
    ]
    assert table("exercises") == rows, "paste this between the markers:\n" + "\n".join(rows)


def test_speed() -> None:
    """The ratios of single submissions and of batches are those measured last; the message is the table to paste."""
    found: dict[str, dict[str, float]] = {}
    for name, ratio in json.loads(figures.LATEST.read_text(encoding="utf-8"))["ratios"].items():
        what, _, unit = name.rpartition(", ")
        if unit in ("wall", "CPU") and re.search("cold|batch", what):
            found.setdefault(what, {})[unit] = ratio
    names = sorted(found, key=lambda what: [part.zfill(9) for part in re.split(r"(\d+)", what)])
    rows = [f"| {name} | {found[name]['wall']} | {found[name]['CPU']} |" for name in names]
    assert table("ratios") == rows, "paste this between the markers:\n" + "\n".join(rows)


def test_report_fields() -> None:
    """Every field of the JSON report is described."""
    report = json.loads(FORMATS["json"](next(iter(SAMPLES.values()))))
    fields = {*report, *report["isolation"], *report["exercises"][0], *report["exercises"][0]["checks"][0]}
    described = set(re.findall(r"`\.?(?:checks\[\]\.)?(\w+)(?:\[\])?`", README))
    assert fields <= described, f"not described: {sorted(fields - described)}"


def test_commands() -> None:
    """Every command has its place in the table."""
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    assert [name for name in COMMANDS if not re.search(rf"`{name}\b", table)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option is named."""
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--kit"}
    assert options <= set(re.findall(r"--[a-z-]+", README)), options
