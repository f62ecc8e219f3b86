"""A hidden suite's checks as functions of no arguments, for graders that know no fixtures and no ``parametrize``.

``python -m tests.bench.one_by_one FILE`` runs them as Gradescope runs Python, unittest in one process, and writes the
results of gradescope-utils' own runner. ``suite`` and the submission are on the path, as for plain pytest.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import in_process


def checks() -> list[Callable[[], None]]:
    """One function for each check, with its name; it calls the check with each of its parameters."""
    return [_alone(name, check) for name, check in vars(importlib.import_module("suite")).items() if _is_check(name)]


def _is_check(name: str) -> bool:
    return name.startswith("test_")


def _alone(name: str, check: Callable[..., None]) -> Callable[[], None]:
    def alone() -> None:
        for given in _parameters(check):
            asked = [name for name in inspect.signature(check).parameters if name not in given]
            check(**given, **{name: in_process.GIVEN[name]() for name in asked})

    alone.__name__ = name
    return alone


def _parameters(check: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The arguments of each item that pytest would make of a check with at most one parametrized argument."""
    marks = [mark for mark in getattr(check, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        yield {}
    for mark in marks:
        name, values = mark.args
        yield from ({name: value} for value in values)


def main(results: Path) -> None:
    """All checks under gradescope-utils."""
    from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner  # type: ignore[import-not-found]

    methods = {check.__name__: staticmethod(check) for check in checks()}
    case = type("Suite", (unittest.TestCase,), methods)
    with results.open("w") as stream:
        JSONTestRunner(visibility="visible", stream=stream).run(unittest.defaultTestLoader.loadTestsFromTestCase(case))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
