"""Exceptions of a submission as the suite sees them: by class, by name, with their attributes, text and traceback."""

from __future__ import annotations

import pytest

from grader.cell.deaths import SubmissionError
from grader.suite import fields, raises
from tests.cells import CellMaker

SOURCE = """
import asyncio

class PoolError(RuntimeError):
    def __init__(self, item, message):
        super().__init__(message)
        self.item = item

class Nothing(Exception): pass
class Silent(Exception):
    def __str__(self): raise RuntimeError("no text")

def value(): raise ValueError("capacity must be at least 1")
def key(): return {}["missing"]
def pool():
    try:
        value()
    except ValueError as error:
        raise PoolError([1, 2], "pool broke") from error
def nothing(): raise Nothing
def silent(): raise Silent
def deep(): return deep()
def leave(): raise SystemExit(0)
def interrupt(): raise KeyboardInterrupt
def group(): raise ExceptionGroup("many", [ValueError("a"), KeyError("b")])
def missing_file(): open("/no/such/file")
def decode(): b"\\xff".decode()
def huge(): raise ValueError("x" * 100_000)
def lying():
    class ValueError(Exception): pass
    raise ValueError("of my own")
def unhashable_args(): raise ValueError({"a": 1}, [2], "text")
"""


class TestClasses:
    """Which ``except`` clause of a suite catches it."""

    @pytest.mark.parametrize(
        ("name", "kind", "text"),
        [
            ("value", ValueError, "capacity must be at least 1"),
            ("key", KeyError, "'missing'"),
            ("pool", RuntimeError, "pool broke"),
            ("missing_file", FileNotFoundError, "/no/such/file"),
            ("decode", UnicodeDecodeError, "invalid start byte"),
            ("deep", RecursionError, "maximum recursion depth"),
            ("leave", SubmissionError, "0"),
            ("interrupt", SubmissionError, ""),
            ("group", SubmissionError, "many"),
        ],
    )
    def test_builtin_classes(self, make_bare: CellMaker, name: str, kind: type[Exception], text: str) -> None:
        """An instance of the nearest builtin class and of ``SubmissionError``; what would end Python is one too."""
        with pytest.raises(kind) as caught:
            getattr(make_bare(SOURCE), name)()
        assert isinstance(caught.value, SubmissionError)
        assert text in str(caught.value)

    def test_it_reaches_the_suite_at_every_level(self, make: CellMaker) -> None:
        """The same at each level, and the cell lives on."""
        subject = make(SOURCE)
        for _ in range(2):
            with pytest.raises(ValueError, match="capacity"):
                subject.value()

    def test_a_class_of_the_same_name_is_not_the_builtin(self, make_bare: CellMaker) -> None:
        """A submission's own ``ValueError`` is known by name only."""
        with pytest.raises(SubmissionError) as caught:
            make_bare(SOURCE).lying()
        assert not isinstance(caught.value, ValueError)
        assert caught.value.names[0] == "ValueError"


class TestDetails:
    """What else an exception tells."""

    def test_attributes_cause_and_line(self, make: CellMaker) -> None:
        """Attributes are read in the cell, the cause is a name."""
        with pytest.raises(SubmissionError) as caught:
            make(SOURCE).pool()
        error = caught.value
        assert (error.type_name, error.cause, error.item) == ("PoolError", "ValueError", [1, 2])
        assert error.line == "PoolError: pool broke"
        assert error.names[:3] == ("PoolError", "RuntimeError", "Exception")

    def test_an_error_without_text(self, make_bare: CellMaker) -> None:
        """The line is just the class's name; a text that cannot be made is said so."""
        subject = make_bare(SOURCE)
        with pytest.raises(SubmissionError) as caught:
            subject.nothing()
        assert caught.value.line == "Nothing"
        with pytest.raises(SubmissionError, match="could not be made"):
            subject.silent()

    def test_the_traceback_is_the_submissions_own(self, make: CellMaker) -> None:
        """Its frames by short path, with the source; nothing of the grader's."""
        with pytest.raises(ValueError, match="capacity") as caught:
            make(SOURCE).value()
        assert isinstance(caught.value, SubmissionError)
        text = caught.value.traceback
        assert 'File "toy.py", line 13, in value' in text
        assert "raise ValueError" in text
        assert "grader" not in text
        assert "server.py" not in text

    def test_texts_are_bounded(self, make_bare: CellMaker) -> None:
        """Neither message nor traceback floods a report."""
        with pytest.raises(ValueError, match="xxx") as caught:
            make_bare(SOURCE).huge()
        assert isinstance(caught.value, SubmissionError)
        assert len(caught.value.message) <= 4_000
        assert len(caught.value.traceback) <= 4_100

    def test_forged_texts_are_bounded(self, make_bare: CellMaker) -> None:
        """A submission that rewrites its cell's program cannot flood a report either."""
        subject = make_bare(
            """
            from grader.cell.inside import failures
            failures.own_traceback = lambda *_: "x" * 500_000
            def fail(): raise ValueError
            """
        )
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no text
            subject.fail()
        assert isinstance(caught.value, SubmissionError)
        assert len(caught.value.traceback) <= 10_000

    def test_arguments_of_plain_type_come_along(self, make_bare: CellMaker) -> None:
        """Other arguments stay in the cell."""
        with pytest.raises(ValueError, match="text") as caught:
            make_bare(SOURCE).unhashable_args()
        assert caught.value.args == ("text",)


class TestRaises:
    """The suite's own words for an expected exception."""

    def test_by_class_by_name_and_by_text(self, make_bare: CellMaker) -> None:
        """Base classes count, builtin or not; the exception is kept."""
        subject = make_bare(SOURCE)
        with raises(RuntimeError):
            subject.pool()
        with raises("PoolError", match="broke") as caught:
            subject.pool()
        assert caught.error.item == [1, 2]
        with raises(Exception):
            subject.nothing()

    @pytest.mark.parametrize(
        ("name", "expected", "match", "message"),
        [
            ("value", KeyError, "", "expected KeyError, got ValueError: capacity must be at least 1"),
            ("value", "PoolError", "", "expected PoolError, got ValueError: capacity must be at least 1"),
            ("value", ValueError, "size", "expected a ValueError whose message matches 'size', got ValueError: cap"),
            ("fine", ValueError, "", "expected ValueError, but nothing was raised"),
        ],
    )  # fmt: skip
    def test_what_is_not_as_expected(
        self, make_bare: CellMaker, name: str, expected: type[Exception] | str, match: str, message: str
    ) -> None:
        """The learner reads what was expected and what came."""
        subject = make_bare(SOURCE + "\ndef fine(): pass")
        with pytest.raises(AssertionError) as caught, raises(expected, match=match):
            getattr(subject, name)()
        assert str(caught.value).startswith(message)

    def test_the_suites_own_errors_pass_through(self) -> None:
        """Only exceptions of the submission are meant."""
        with pytest.raises(ZeroDivisionError), raises(ZeroDivisionError):
            1 / 0  # noqa: B018

    def test_fields_of_any_kind_of_object(self, make_bare: CellMaker) -> None:
        """A result may be a named tuple or an object; its fields are read alike."""
        subject = make_bare(
            """
            from types import SimpleNamespace
            from collections import namedtuple
            def one(): return SimpleNamespace(url="a", status=200)
            def two(): return namedtuple("Reply", "url status")("a", 200)
            """
        )
        assert fields(subject.one(), "url", "status") == fields(subject.two(), "url", "status") == ("a", 200)
