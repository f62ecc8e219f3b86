"""The door: what `import grader` offers, and how little it costs."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import grader

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("grader", "grader.catalog", "grader.report", "grader.services", "grader.suite")
HEAVY = ("pytest", "hypothesis", "rich", "msgspec", "asyncio", "httpx", "importlib.metadata", "dataclasses")


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded once it has run ``statement``."""
    program = f"import sys; {statement}; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_there(package: str) -> None:
    """``__all__`` names what is there, in order, each once."""
    door = importlib.import_module(package)
    assert list(door.__all__) == sorted(set(door.__all__))
    for name in door.__all__:
        assert getattr(door, name) is not None


def test_the_door_has_what_it_promises() -> None:
    """Every public name comes from its home, and nothing else is offered."""
    assert dir(grader) == sorted([*grader.__all__, "__version__"])
    assert grader.Report.__module__ == "grader.model"
    assert grader.grade.__module__ == "grader.grading"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(grader, "nothing")  # noqa: B009 - the type checker knows that it is not there


def test_importing_the_door_loads_nothing_else() -> None:
    """A cell imports grader.cell.inside and pays for the door's own file alone."""
    loaded = modules_after("import grader")
    assert {name for name in loaded if name.startswith("grader")} == {"grader"}
    assert loaded.isdisjoint(HEAVY)


def test_importing_the_inside_of_a_cell_loads_no_more() -> None:
    """What runs beside a submission brings nothing of the trusted side with it."""
    loaded = modules_after("import grader.cell.inside")
    assert {name for name in loaded if name.startswith("grader")} <= {
        "grader",
        "grader.cell",
        "grader.cell.inside",
    }
    assert loaded.isdisjoint(HEAVY)


def test_light_commands_load_light_modules() -> None:
    """Listing exercises needs rich, which draws the page, but neither pytest nor the cell."""
    loaded = modules_after("from grader.cli import main; main(['list'])")
    assert loaded.isdisjoint({"pytest", "hypothesis", "msgspec", "asyncio", "httpx", "grader.cell"})
