"""A check as a list of steps, each of which is source: what the suite's process hands to the writer of programs."""

from __future__ import annotations

import msgspec


class Step(msgspec.Struct):
    """One expression or statement, and what it gave."""

    text: str
    name: str = ""  # of the variable that holds what it gave, when later steps may need it
    seen: str = ""  # a literal of what it gave; empty when there was no answer
    raised: str = ""  # what catches it: Exception, or BaseException for an exit and the like
    cut: str = ""  # the verdict that ended the cell in this step
    is_statement: bool = False
    is_awaited: bool = False
    ended: int = 0  # how many steps had begun, this one included, when it gave its answer; 0: it gave none
    is_reading: bool = False  # of a reply; left out unless it is needed
    word: str = ""  # that is read from a reply and was told by no request: it may have been drawn at random
    measured: bool = False  # what it gave is never twice the same, such as CPU seconds
    remark: str = ""  # for those who read the program, such as where a transcript shows what is served

    @property
    def is_import(self) -> bool:
        """Whether it imports the submission, which is a step of its own only where that fails."""
        return self.is_statement and self.text.startswith("import ")

    def is_racy(self, number: int) -> bool:
        """Whether the step measured, looked from inside of the submission's process, or, as the ``number``-th, ended
        when others had begun.
        """
        is_look = self.text.startswith(("driver.", "await driver.")) and not self.seen.startswith("Text(")
        return self.measured or is_look or (self.is_awaited and self.ended != number)


class Function(msgspec.Struct):
    """A function of the suite's that was handed to the submission: what it was asked and what it answered."""

    name: str
    is_async: bool = False
    builtin: bool = False
    is_service: bool = False
    calls: list[tuple[str, str]] = []


class Recording(msgspec.Struct):
    """A failed check. ``left`` and ``right`` are literals of what its last failing comparison compared."""

    module: str
    steps: list[Step]
    functions: list[Function]
    parts: dict[str, str]  # name of a part -> source that makes it
    message: str
    left: str
    right: str
    problem: str = ""  # why no program can be made of it
    is_property: bool = False  # whether it failed for an example that was drawn
    kit: list[str] = []  # parts that the program takes from the kit, such as virtual_time

    @property
    def is_import(self) -> bool:
        """Whether the submission could not be imported."""
        return bool(self.steps) and self.steps[0].is_import

    @property
    def is_bounded(self) -> bool:
        """Whether it met a bound of memory or of output, which only a cell has."""
        refused = "Raised('MemoryError'"
        return any(step.cut in ("memory", "output") or step.seen.startswith(refused) for step in self.steps)

    @property
    def is_racy(self) -> bool:
        """Whether two runs may differ: the check drew examples, or threads, costs or chance were at work."""
        return self.is_property or any(step.is_racy(number) for number, step in enumerate(self.steps, start=1))


def together(steps: list[Step]) -> list[list[int]]:
    """Steps that began one after the other and were then under way together, the last to end at the end."""
    groups: list[list[int]] = [[]]
    for number, step in enumerate(steps):
        if not step.is_awaited or step.ended == number + 1:
            continue
        if groups[-1] and (groups[-1][-1] != number - 1 or any(steps[each].ended <= number for each in groups[-1])):
            groups.append([])
        groups[-1].append(number)
    return [sorted(group, key=lambda each: (steps[each].ended, each)) for group in groups if len(group) > 1]
