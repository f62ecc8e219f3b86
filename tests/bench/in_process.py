"""A pytest plugin that runs a hidden suite in one process, as a grader without cells would: the baseline.

    ONSPOT_BENCH_SUBJECT=lru_cache PYTHONPATH=PROJECT:SOLUTION python -m pytest -p tests.bench.in_process suite.py

It stands in for ``grader.suite`` and its fixtures and imports nothing of the grader that a suite would have to pay for.
Nothing else may import it: it puts itself in the place of ``grader.suite``.
"""

from __future__ import annotations

import importlib
import operator
import os
import random
import re
import sys
import time
import types
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, core, settings

from grader.cell.inside.manual_clock import ManualClock
from tests.bench import SEED

Function = TypeVar("Function", bound=Callable[..., Any])

core.global_force_seed = SEED  # type: ignore[assignment] # declared as None only
settings.register_profile(
    "in process",
    database=None,
    deadline=None,
    derandomize=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("in process")


def check(_title: str, **_marks: Any) -> Callable[[Function], Function]:
    """The mark of a check, which says nothing to plain pytest."""
    return lambda function: function


class raises:  # noqa: N801 - the name that suites use
    """Expects an exception by class or by the name of a class."""

    error: BaseException

    def __init__(self, expected: type[Exception] | str, *, match: str = "") -> None:
        self._name = expected if isinstance(expected, str) else expected.__name__
        self._match = match

    def __enter__(self) -> raises:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        assert error is not None, f"expected {self._name}, but nothing was raised"
        assert self._name in [ancestor.__name__ for ancestor in type(error).__mro__]
        assert re.search(self._match, str(error))
        self.error = error
        return True


def fields(thing: Any, *names: str) -> tuple[Any, ...]:
    """The attributes ``names`` of a result."""
    return tuple(getattr(thing, name) for name in names)


class CellControl:
    """What a suite asks of a cell, answered by this process."""

    operator = operator

    def cpu(self, work: Callable[..., Any], *args: Any, repeat: int = 3) -> float:
        """The least CPU seconds that ``work(*args)`` took, of ``repeat`` runs."""
        best = float("inf")
        for _ in range(repeat):
            before = time.process_time()
            work(*args)
            best = min(best, time.process_time() - before)
        return best

    def keep(self, value: Any) -> Any:
        return value

    def fetch(self, thing: Any) -> Any:
        return thing


def subject() -> types.ModuleType:
    """The submitted module itself."""
    return importlib.import_module(os.environ["ONSPOT_BENCH_SUBJECT"])


def driver() -> types.ModuleType:
    """The suite's ``driver.py`` itself."""
    return importlib.import_module("driver")


def rng() -> random.Random:
    """Random numbers that follow the seed."""
    return random.Random(SEED)


#: What a suite may ask for, by name; ``manual_clock`` is a clock to inject, ``cell`` this process in the part of one.
GIVEN: dict[str, Callable[[], Any]] = {
    "subject": subject,
    "driver": driver,
    "cell": CellControl,
    "manual_clock": ManualClock,
    "rng": rng,
}
for _name, _make in GIVEN.items():
    globals()[f"_{_name}_fixture"] = pytest.fixture(name=_name)(lambda make=_make: make())

_words = types.ModuleType("grader.suite")
_words.__dict__.update(check=check, raises=raises, fields=fields)
sys.modules["grader.suite"] = _words
