"""``python -m tests.bench.with_unittest``: a hidden suite run as Gradescope runs Python: unittest, in one process.

Prints the results of gradescope-utils' own runner. ``suite`` and the submission are on the path, as for plain pytest.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner  # type: ignore[import-not-found]

from tests.bench import in_process


def main() -> int:
    """The exit status is 1 when a check failed."""
    suite = importlib.import_module("suite")
    checks = {name: function for name, function in vars(suite).items() if name.startswith("test_")}
    methods = {
        f"{name}_{number}": _method(function, given)
        for name, function in checks.items()
        for number, given in enumerate(_parameters(function))
    }
    case = type("Suite", (unittest.TestCase,), methods)
    result = JSONTestRunner(visibility="visible").run(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    return int(not result.wasSuccessful())


def _method(function: Callable[..., None], given: dict[str, Any]) -> Callable[[unittest.TestCase], None]:
    asked = [name for name in inspect.signature(function).parameters if name not in given]
    return lambda _self: function(**given, **{name: in_process.GIVEN[name]() for name in asked})


def _parameters(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The arguments of each item that pytest would make of a function with at most one parametrized argument."""
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        yield {}
    for mark in marks:
        name, values = mark.args
        yield from ({name: value} for value in values)


if __name__ == "__main__":
    sys.exit(main())
