"""The grader's files stand on floors, and imports lead down only. Read from the sources with ast."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

import grader
from grader.catalog import layout

ROOT = Path(grader.__file__).parent

#: From the ground up. What stands on one floor does not know its neighbours.
FLOORS = (
    ("model", "errors", "secrecy"),
    ("catalog", "cell"),
    ("services", "history", "repro"),
    ("suite",),
    ("scoring", "replay", "report", "constants", "kept_texts"),
    ("running", "progress", "statement", "trials", "visible", "spawning"),
    ("remembering",),
    ("grading", "cluster"),
    ("feedback",),
    ("verify", "batch", "new", "doctor", "reset", "saves", "keyboard"),
    ("drill",),
    ("commands",),
    ("arguments",),
    ("cli",),
    ("__main__",),
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}

SOURCES = sorted(path for path in ROOT.rglob("*.py") if "templates" not in path.parts)
INSIDE = ROOT / "cell" / "inside"

#: Modules that one place alone may import, because it alone knows what to do with them.
KEEPERS = {
    "pytest": ("suite",),
    "hypothesis": ("suite",),
    "rich": ("report", "progress.py", "batch/progress.py", "commands/markdown.py"),
    "argparse": ("arguments.py", "commands"),
    "tomllib": ("catalog/manifest.py",),
    "sqlite3": ("history", "batch/ledger.py"),
    "celery": ("cluster",),
    "kombu": ("cluster",),
    "prometheus_client": ("cluster/metrics.py",),
}


def name_of(path: Path) -> str:
    """The part of the grader that a file belongs to: its package or its own name."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} has a relative import; write the whole name"
            yield node.module or ""
            if node.module == "grader":
                yield from (f"grader.{alias.name}" for alias in node.names)


def parts(path: Path) -> set[str]:
    """The parts of the grader that a file imports."""
    names = {module.split(".")[1] for module in imports(path) if module.startswith("grader.")}
    return {name for name in names if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_lead_down(path: Path) -> None:
    """A file imports from its own package and from lower floors, never from its own floor or above."""
    if path == ROOT / "__init__.py":
        return  # the door, which imports when asked
    own = name_of(path)
    assert own in FLOOR, f"{own} stands on no floor: add it to FLOORS in {__file__}"
    for other in parts(path) - {own}:
        assert FLOOR[other] < FLOOR[own], f"{path} imports grader.{other}, which does not stand below {own}"


def test_every_floor_is_there() -> None:
    """Nothing that the floors name is missing."""
    there = {name_of(path) for path in SOURCES} - {"__init__"}
    assert there == set(FLOOR)


@pytest.mark.parametrize("path", sorted(INSIDE.glob("*.py")), ids=lambda path: path.name)
def test_the_cell_knows_nothing_of_the_grader(path: Path) -> None:
    """What runs beside a submission imports nothing of the grader but its own package."""
    for module in imports(path):
        assert not module.startswith("grader") or module.startswith("grader.cell.inside"), module


@pytest.mark.parametrize("module", KEEPERS)
def test_keepers(module: str) -> None:
    """Each of these modules is imported in its one place only."""
    for path in SOURCES:
        if any(name.split(".")[0] == module for name in imports(path)):
            place = path.relative_to(ROOT).as_posix()
            assert place.startswith(KEEPERS[module]), f"{place} imports {module}, which is for {KEEPERS[module]}"


def test_no_file_shadows_a_standard_module() -> None:
    """No part of the grader is named like a module of Python's own."""
    assert not set(FLOOR) & set(sys.stdlib_module_names) - {"__main__"}


def test_sizes() -> None:
    """One idea a file: at most 300 lines and 12 kB, and around 150 lines in the middle."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    too_long = {str(path): length for path, length in lines.items() if length > 300}
    assert not too_long
    assert not {str(path): path.stat().st_size for path in SOURCES if path.stat().st_size > 12_000}
    assert median(lines.values()) <= 160


def test_floors_are_told_apart() -> None:
    """No name stands on two floors."""
    assert len(FLOOR) == sum(map(len, FLOORS))
    assert all(set(low).isdisjoint(high) for low, high in pairwise(FLOORS))


def test_only_the_layout_spells_paths() -> None:
    """No other file of the grader makes a path of a name that the layout gives."""
    spelled = {*layout.VISIBLE, *layout.HIDDEN} - {
        "wrong",
        "stub",
        "driver.py",
    }  # words, and a name in the cell
    for path in SOURCES:
        if path.name == "layout.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in spelled, f"{path}:{node.lineno} spells {node.value!r}; ask catalog.layout"
