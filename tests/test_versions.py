"""The interpreter's count of changes to a dictionary."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from grader.cell.inside import versions
from grader.cell.inside.pristine import Pristine
from grader.cell.inside.versions import version

counted = pytest.mark.skipif(version({}) is None, reason="this interpreter does not count changes to dictionaries")


class Thing:
    """A class with one method."""

    def method(self) -> str:
        return "original"


def numbers(names: Any) -> Callable[[], bytes]:
    number = version(names)
    assert number is not None
    return number.tobytes


@counted
def test_every_change_has_a_number_of_its_own() -> None:
    names: dict[str, int] = {}
    now = numbers(names)
    seen = [now()]
    names["a"] = 1
    seen.append(now())
    names["a"] = 2
    seen.append(now())
    del names["a"]
    seen.append(now())
    assert len(set(seen)) == 4


@counted
def test_reading_changes_nothing() -> None:
    names = {"a": 1}
    now = numbers(names)
    before = now()
    assert (names["a"], names.get("b"), list(names), len(names)) == (1, None, ["a"], 1)
    assert now() == before


@counted
def test_a_class_is_counted_by_what_its_proxy_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    now = numbers(vars(Thing))
    before = now()
    monkeypatch.setattr(Thing, "method", lambda self: "replaced")
    assert now() != before


@pytest.mark.parametrize("is_counted", [True, False])
def test_what_was_replaced_is_put_back(monkeypatch: pytest.MonkeyPatch, is_counted: bool) -> None:
    """The same where the interpreter counts and where everything has to be compared."""
    monkeypatch.setattr(versions, "_ARE_THERE", is_counted and versions._are_there())
    original = os.getpid
    pristine = Pristine(frozenset({"os", "posix"}))
    for _ in range(2):
        monkeypatch.setattr(os, "getpid", lambda: 1)
        assert os.getpid() == 1
        pristine.restore()
        assert os.getpid is original


@pytest.mark.parametrize("is_counted", [True, False])
def test_what_was_accepted_stays(monkeypatch: pytest.MonkeyPatch, is_counted: bool) -> None:
    monkeypatch.setattr(versions, "_ARE_THERE", is_counted and versions._are_there())
    pristine = Pristine(frozenset({"os", "posix"}))

    def accepted() -> int:
        return 1

    monkeypatch.setattr(os, "getpid", accepted)
    pristine.accept()
    pristine.restore()
    assert os.getpid is accepted


def test_cpython_counts() -> None:
    """Until it is known of a version that it does not; then cells compare, which takes them longer."""
    assert version({}) is not None or sys.version_info >= (3, 12) or sys.implementation.name != "cpython"
