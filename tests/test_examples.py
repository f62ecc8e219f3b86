"""The examples that a seed stands for: the same wherever and after whatever they are drawn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

DRAW = """
import json, sys
sys.path[:0] = [{root!r}, {folder!r}]
from grader.model import RunOptions
from grader.suite.runner import settle_hypothesis
from hypothesis import given, settings, strategies as st

settle_hypothesis(RunOptions({seed}))
{before}
drawn = []

@settings(max_examples=300)
@given(st.integers(), st.text())
def draw(number, text):
    drawn.append([number, text])

draw()
print(json.dumps(drawn))
"""


def examples(folder: Path, *, seed: int = 5, before: str = "") -> list[list[object]]:
    """What a property is tried with in a process of its own, which executes ``before`` first."""
    program = DRAW.format(root=str(ROOT), folder=str(folder), seed=seed, before=before)
    output = subprocess.check_output([sys.executable, "-c", program], text=True)
    drawn: list[list[object]] = json.loads(output)
    return drawn


@pytest.mark.parametrize(
    "before",
    ["import neighbour", "import grader.verify", "given(st.integers(0, 10**6))(lambda number: None)()"],
    ids=["a module with constants", "more of the grader", "another property"],
)
def test_only_the_seed_counts(tmp_path: Path, before: str) -> None:
    """Neither modules that are imported nor properties that ran before change what is drawn."""
    (tmp_path / "neighbour.py").write_text(f"NUMBERS = {[123_456 + 17 * n for n in range(500)]}\n")
    assert examples(tmp_path, before=before) == examples(tmp_path)


def test_the_seed_counts(tmp_path: Path) -> None:
    """Another seed draws other examples."""
    assert examples(tmp_path, seed=6) != examples(tmp_path)
