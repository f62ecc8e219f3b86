"""The mutants that suites are tried with: which faults are made, and that an unnoticed one is told."""

from __future__ import annotations

import pytest

from grader.catalog import Catalog
from tests.mutants.__main__ import compare, grade_mutants
from tests.mutants.operators import Mutant, mutants

SOURCE = '''\
"""Text."""

import threading

LOCK = threading.Lock()


async def move(a: int = 1, b: int = 2) -> int:
    """More text."""
    with LOCK:
        await pay(a, b)
    if a < b and not done("now"):
        raise ValueError(f"never {a + b}")
    if b:
        raise ValueError("never, too")
    return a + 1
'''


def changes(source: str) -> set[str]:
    return {mutant.change for mutant in mutants(source)}


@pytest.mark.parametrize(
    "change",
    [
        "with LOCK:  ->  if True:",
        "await pay(a, b)  ->  pay(a, b)",
        "await pay(a, b)  ->  await pay(b, a)",
        "await pay(a, b)  ->  pass",
        'if a < b and not done("now"):  ->  if a <= b and not done("now"):',
        'if a < b and not done("now"):  ->  if a < b or not done("now"):',
        'if a < b and not done("now"):  ->  if a < b and done("now"):',
        'if a < b and not done("now"):  ->  if a < b and not done("XXnowXX"):',
        "return a + 1  ->  return a - 1",
        "return a + 1  ->  return a + 2",
        "return a + 1  ->  pass",
        "LOCK = threading.Lock()  ->  LOCK = None",
    ],
)
def test_faults(change: str) -> None:
    """Operators, constants, words, statements, arguments, locks and awaits."""
    assert change in changes(SOURCE)


def test_what_no_suite_can_see() -> None:
    """Documentation, imports and the text of an exception are left alone."""
    assert not [change for change in changes(SOURCE) if "ext." in change or "import" in change or ("never" in change
                and "pass" not in change)]  # fmt: skip
    assert not changes("def make(self):\n    self.value: int\n")
    assert changes("class Made:\n    value: int\n")  # a field, to pydantic and to dataclasses


def test_an_order_that_does_not_matter() -> None:
    """The arguments of max and min are not swapped."""
    assert "use(max(a, b), c)  ->  use(c, max(a, b))" in changes("use(max(a, b), c)\n")
    assert not [change for change in changes("use(max(a, b), min(c, d))\n") if "(b, a)" in change or "(d, c)" in change]


def test_each_once() -> None:
    """No two mutants mean the same, and none means what the source does."""
    sources = [mutant.source for mutant in mutants(SOURCE)]
    assert len(set(sources)) == len(sources)
    assert SOURCE not in sources


def test_places() -> None:
    """A fault is told with the class and the function that it is in."""
    source = "LIMIT = 1\nclass Gate:\n    width = 2\n    def enter(self):\n        return 3\n"
    places = {mutant.change: mutant.place for mutant in mutants(source)}
    assert places["LIMIT = 1  ->  LIMIT = 2"] == ""
    assert places["width = 2  ->  width = 3"] == "Gate"
    assert places["return 3  ->  return 4"] == "Gate.enter"


def test_an_entry_explains_one_survivor() -> None:
    """The same change elsewhere, or once more at the same place, is another survivor."""
    here, there = (Mutant(line, place, "x = 1  ->  x = 2", "") for line, place in ((3, "f"), (9, "g")))
    entry = {"file": "a.py", "place": "f", "change": here.change, "why": "nobody reads x"}
    assert compare([("a.py", here)], [entry]) == ([], [])
    assert compare([("a.py", here), ("a.py", there)], [entry]) == ([("a.py", there)], [])
    assert compare([("a.py", here), ("a.py", here)], [entry]) == ([("a.py", here)], [])
    assert compare([("b.py", here)], [entry]) == ([("b.py", here)], [("a.py", "f", here.change)])
    assert compare([], [entry]) == ([], [("a.py", "f", here.change)])


def test_grading(small_catalog: Catalog) -> None:
    """The skeleton's own mutants: most are noticed, and what is not is named with its line."""
    result = grade_mutants(small_catalog.get("week1/first"), parallel=2)
    assert result.total > 10
    assert result.noticed > 0.8
    assert all(mutant.line and mutant.change for _, mutant in result.survived)
