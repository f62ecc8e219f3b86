"""Objects between handle and value: named tuples, dataclasses, enumerations; what is kept, dropped and printed."""

from __future__ import annotations

from grader.cell.remote import EnumValue, Record, Remote
from tests.cells import MODULE, CellMaker, cell_of


class TestByValue:
    """What comes as a value although its class is the submission's."""

    def test_records_are_values_with_methods(self, make: CellMaker) -> None:
        """Frozen dataclasses and named tuples come by value; a named tuple equals the plain tuple."""
        subject = make(
            """
            from dataclasses import dataclass
            from typing import NamedTuple
            class Pair(NamedTuple):
                left: int
                right: int
                def sum(self): return self.left + self.right
            @dataclass(frozen=True)
            class Money:
                amount: int
                currency: str = "EUR"
            def pair(): return Pair(1, 2)
            def money(amount): return Money(amount)
            """
        )
        pair, money = subject.pair(), subject.money(5)
        assert isinstance(pair, Record)
        assert (pair == (1, 2), pair.left, pair[1], list(pair), pair.sum()) == (True, 1, 2, [1, 2], 3)
        assert (money.amount, money.currency, repr(money)) == (5, "EUR", "Money(amount=5, currency='EUR')")
        assert money == subject.money(5)
        assert money != subject.money(6)
        assert money != (5, "EUR")

    def test_enumerations(self, make: CellMaker) -> None:
        """A member arrives by its type's name, its name and its value."""
        subject = make(
            "import enum\nclass State(enum.Enum):\n OPEN = 'open'\n SHUT = 'shut'\ndef now(): return State.OPEN"
        )
        state = subject.now()
        assert isinstance(state, EnumValue)
        assert (state.type_name, state.name, state.value) == ("State", "OPEN", "open")
        assert state == subject.State.OPEN
        assert state != subject.State.SHUT

    def test_mutable_dataclasses_are_handles(self, make: CellMaker) -> None:
        """What can change is not copied."""
        subject = make("from dataclasses import dataclass\n@dataclass\nclass Box:\n    size: int\nbox = Box(1)")
        box = subject.box
        box.size = 2
        assert subject.box.size == 2
        assert cell_of(subject).fetch(box).size == 2


class TestInTheCell:
    """What stays in the cell, and for how long."""

    def test_keep_and_fetch(self, make: CellMaker) -> None:
        """An argument that was kept shows what the submission did to it."""
        cell = make.cell("def sort(items): items.sort()")
        mine = cell.keep([3, 1, 2])
        cell.import_module(MODULE).sort(mine)
        assert cell.fetch(mine) == [1, 2, 3]

    def test_arguments_are_copies(self, make: CellMaker) -> None:
        """What the submission does to an argument stays in the cell."""
        mine = [3, 1, 2]
        make("def sort(items): items.sort()").sort(mine)
        assert mine == [3, 1, 2]

    def test_objects_are_forgotten_with_their_stand_ins(self, make: CellMaker) -> None:
        """The cell lets go of what the suite holds no more, and of nothing that it still holds."""
        subject = make(
            """
            import gc, weakref
            class Box: pass
            seen = []
            def box():
                box = Box()
                seen.append(weakref.ref(box))
                return box
            def alive(): gc.collect(); return [ref() is not None for ref in seen]
            """
        )
        kept, dropped = subject.box(), subject.box()
        assert subject.alive() == [True, True]
        del dropped
        assert subject.alive() == [True, False]
        assert isinstance(kept, Remote)

    def test_print_is_kept_and_bounded(self, make: CellMaker) -> None:
        """The first 65,536 characters of what is printed come with the answers."""
        cell = make.cell("def say(text, times): print(text * times)\nprint('hello')")
        subject = cell.import_module(MODULE)
        assert cell.printed == "hello\n"
        subject.say("é", 100_000)
        assert cell.printed == ("hello\n" + "é" * 65_530)

    def test_every_cell_starts_afresh(self, make: CellMaker) -> None:
        """Nothing that one cell's submission does to its modules is seen in the next."""
        source = "import json\nold = getattr(json, 'mark', None)\njson.mark = 1"
        assert [make(source).old, make(source).old] == [None, None]
