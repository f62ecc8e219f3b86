"""What a suite can do with a submission's objects across a cell's border, at every level of isolation."""

from __future__ import annotations

import pytest

from grader.cell.deaths import SubmissionError
from grader.cell.remote import Remote
from tests.cells import MODULE, CellMaker


class TestCalls:
    """Functions, attributes, instances."""

    def test_functions_are_called_with_values(self, make: CellMaker) -> None:
        """Positional and keyword arguments go in, a value comes out."""
        subject = make("def join(*parts, sep=''): return sep.join(parts), len(parts)")
        assert subject.join("a", "b", sep="-") == ("a-b", 2)

    def test_constants_are_read_and_set(self, make: CellMaker) -> None:
        """An attribute of the module is a value; setting one is seen by its functions."""
        subject = make("LIMIT = 3\ndef limit(): return LIMIT")
        assert subject.LIMIT == 3
        subject.LIMIT = 4
        assert subject.limit() == 4

    def test_instances_live_in_the_cell(self, make: CellMaker) -> None:
        """Methods, attributes and properties of an object are its own."""
        subject = make(
            """
            class Counter:
                def __init__(self, start): self.count = start
                def add(self, by=1): self.count += by; return self.count
                @property
                def double(self): return 2 * self.count
                @classmethod
                def zero(cls): return cls(0)
            """
        )
        counter = subject.Counter(5)
        assert isinstance(counter, Remote)
        assert (counter.add(), counter.add(by=4), counter.count, counter.double) == (6, 10, 10, 20)
        counter.count = 1
        assert counter.add() == 2
        assert subject.Counter.zero().count == 0

    def test_a_constructed_object_is_a_handle_even_if_it_could_be_a_value(self, make: CellMaker) -> None:
        """What a class makes is the object that the suite asked for."""
        subject = make("class Point(tuple): pass\nclass Text(str): pass")
        assert isinstance(subject.Point((1, 2)), Remote)
        assert isinstance(subject.Text("x"), Remote)

    def test_objects_can_be_handed_back(self, make: CellMaker) -> None:
        """A stand-in as an argument is the object itself in the cell, also inside of a list."""
        subject = make("class Box: pass\nbox = Box()\ndef is_box(thing, things): return thing is box, things[0] is box")
        assert subject.is_box(subject.box, [subject.box]) == (True, True)

    def test_an_object_of_another_cell_is_refused(self, make: CellMaker) -> None:
        """Numbers mean nothing in another cell."""
        source = "class Box: pass\ndef take(thing): return thing"
        one, other = make(source), make(source)
        with pytest.raises(TypeError, match="another cell"):
            one.take(other.Box())

    def test_identity_is_all_that_can_be_compared(self, make: CellMaker) -> None:
        """One object has one stand-in; an ``__eq__`` of the submission's has no say."""
        subject = make(
            """
            class Same:
                def __eq__(self, other): return True
                def __hash__(self): return 1
            one, two = Same(), Same()
            def get(): return one
            """
        )
        assert subject.get() is subject.one
        assert subject.one != subject.two
        assert subject.one != 5
        assert len({subject.one, subject.two, subject.get()}) == 2

    def test_missing_names_raise_attribute_error(self, make: CellMaker) -> None:
        """A function that was not written is the submission's error."""
        subject = make("")
        with pytest.raises(AttributeError, match="solve") as caught:
            subject.solve()
        assert isinstance(caught.value, SubmissionError)


class TestOperators:
    """What Python spells without a call."""

    def test_containers(self, make: CellMaker) -> None:
        """Items, length, membership, truth, iteration, deletion."""
        subject = make(
            """
            class Shelf:
                def __init__(self): self.items = {"a": 1, "b": 2}
                def __getitem__(self, key): return self.items[key]
                def __setitem__(self, key, value): self.items[key] = value
                def __delitem__(self, key): del self.items[key]
                def __len__(self): return len(self.items)
                def __contains__(self, key): return key in self.items
                def __iter__(self): return iter(self.items)
            """
        )
        shelf = subject.Shelf()
        shelf["c"] = 3
        del shelf["a"]
        assert (shelf["c"], len(shelf), "a" in shelf, "b" in shelf, bool(shelf)) == (3, 2, False, True, True)
        assert list(shelf) == ["b", "c"]
        with pytest.raises(KeyError, match="a"):
            shelf["a"]

    def test_module_operator_runs_in_the_cell(self, make: CellMaker) -> None:
        """``eq``, ``lt``, ``add`` and the like use the submission's own methods."""
        cell = make.cell("class Age(int): pass\nold, young = Age(70), Age(7)")
        subject = cell.import_module(MODULE)
        assert cell.operate("gt", subject.old, subject.young) is True
        assert cell.operate("add", subject.old, subject.young) == 77
        assert cell.operate("repr", subject.young) == "7"

    def test_subclasses_of_plain_types_stay_in_the_cell(self, make: CellMaker) -> None:
        """An int that lies about its equality never reaches the suite as an int."""
        subject = make("class Liar(int):\n def __eq__(self, other): return True\ndef answer(): return Liar(3)")
        assert subject.answer() != 42
        assert isinstance(subject.answer(), Remote)


class TestIteration:
    """Generators and context managers."""

    def test_generators_are_lazy(self, make: CellMaker) -> None:
        """One item a step, and not one more is computed."""
        subject = make(
            """
            made = []
            def numbers():
                number = 0
                while True:
                    made.append(number)
                    yield number
                    number += 1
            """
        )
        numbers = subject.numbers()
        assert [next(numbers), next(numbers)] == [0, 1]
        assert subject.made == [0, 1]

    def test_the_end_of_an_iterator(self, make: CellMaker) -> None:
        """A loop over a stand-in ends where the submission's iterator ends."""
        subject = make("def two(): yield 'a'; yield 'b'")
        assert list(subject.two()) == ["a", "b"]

    def test_generators_take_values_and_close(self, make: CellMaker) -> None:
        """``send`` and ``close`` are methods like any other."""
        subject = make(
            """
            closed = []
            def echo():
                got = None
                try:
                    while True: got = yield got
                finally: closed.append(True)
            """
        )
        echo = subject.echo()
        assert (next(echo), echo.send(7), echo.send("x")) == (None, 7, "x")
        echo.close()
        assert subject.closed == [True]

    def test_context_managers(self, make: CellMaker) -> None:
        """``with`` enters and leaves; what ``__enter__`` returned is bound."""
        subject = make(MANAGER)
        manager = subject.Manager()
        with manager as value:
            assert value == "inside"
        assert manager.left == ["None"]

    def test_context_managers_see_exceptions(self, make: CellMaker) -> None:
        """An exception of the block reaches ``__exit__`` by its class, and may be swallowed there."""
        subject = make(MANAGER)
        manager = subject.Manager()
        with pytest.raises(ValueError, match="bad"), manager:
            throw(ValueError("bad"))
        with manager:
            throw(KeyError("swallowed"))
        with manager:
            subject.fail()
        assert manager.left == ["ValueError", "KeyError", "Odd"]


def throw(error: Exception) -> None:
    raise error


MANAGER = """
class Odd(KeyError): pass
def fail(): raise Odd("odd")
class Manager:
    def __init__(self): self.left = []
    def __enter__(self): return "inside"
    def __exit__(self, kind, error, trace):
        self.left.append(str(kind and kind.__name__))
        return isinstance(error, KeyError)
"""
