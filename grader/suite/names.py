"""The variables of a recorded program: which of them holds an object of the cell, or a word of a reply."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from grader.cell.remote import Record, Remote
from grader.repro.literals import literal
from grader.repro.steps import Step
from grader.suite.written import NESTED, with_place

_DRAWN = re.compile(r"[\w-]{6,64}")  # what may have been drawn at random, such as a code
_SECRET = re.compile(r"(?=.*\d)[\w-]{16,64}")  # what has been, such as a token


class Names:
    """Names for objects, none twice. ``roots`` are known by identity from the start."""

    def __init__(self, *roots: tuple[Remote, str]) -> None:
        self._roots = roots
        self._objects: dict[tuple[int, int], str] = {}
        self._parts: dict[tuple[int, int], str] = {}
        self._taken = {name: 1 for _, name in roots}
        #: Texts to be written as expressions, such as a service's address.
        self.places: dict[str, str] = {}

    def save(self) -> Callable[[], None]:
        """Gives the names known now back, when called. Those of parts stay."""
        objects, taken, places = dict(self._objects), dict(self._taken), dict(self.places)

        def restore() -> None:
            self._objects, self._taken, self.places = objects | self._parts, dict(taken), dict(places)

        return restore

    def fresh(self, word: str) -> str:
        """A variable's name that is not taken."""
        word = f"{word}_" if keyword.iskeyword(word) or hasattr(builtins, word) else word
        self._taken[word] = number = self._taken.get(word, 0) + 1
        return word if number == 1 else f"{word}{number}"

    def name_repeated(self, steps: Iterable[Step]) -> None:
        """Names a text that was the reply to a call and came again: that may be what is wrong."""
        first = dict[str, Step]()
        for step in steps:
            before = first.setdefault(step.text, step)
            if before is not step and not before.name and before.seen == step.seen and step.seen[:1] in ("'", '"'):
                before.name = self.fresh("reply")

    def of(self, remote: Remote) -> str:
        """The name of an object, or nothing."""
        for root, name in self._roots:
            if remote is root:
                return name
        return self._objects.get(_key(remote), "")

    def part(self, remote: Remote, name: str) -> None:
        """Names a part that the program makes itself."""
        self._objects[_key(remote)] = self._parts[_key(remote)] = name
        self._taken.setdefault(name, 1)

    def give(self, value: Any, path: str, depth: int = 0) -> None:
        """Names an object, and those inside of a reply that have no name by the way to them."""
        if depth > NESTED:
            return
        if isinstance(value, Remote) and (not depth or isinstance(value, Record) or not self.of(value)):
            self._objects[_key(value)] = path
        if isinstance(value, Record):
            for name, item in value._fields.items():
                self.give(item, f"{path}.{name}", depth + 1)
        elif isinstance(value, (list, tuple)):
            for place, item in enumerate(value[:100]):
                self.give(item, f"{path}[{place}]", depth + 1)
        elif isinstance(value, dict):
            for key, item in list(value.items())[:100]:
                self.give(item, f"{path}[{literal(key, repr)}]", depth + 1)

    def known(self, value: Any) -> list[str]:
        """For a reply, which is an object or a list of them, the names of those that have one; empty for others."""
        items = value[:100] if isinstance(value, (list, tuple)) else [value]
        objects = [item if isinstance(item, Remote) and not isinstance(item, Record) else None for item in items]
        names = [self.of(item) if item is not None else "" for item in objects]
        return [name if name.isidentifier() else "" for name in names]

    def placed(self, text: str) -> str:
        """Source with the texts that have a place written as expressions."""
        for found, place in self.places.items():
            if found in text:
                text = with_place(text, found, place)
        return text


def _key(remote: Remote) -> tuple[int, int]:
    return id(remote._cell), remote._number


def drawn(value: Any, path: str, *, secret: bool = False) -> Iterator[tuple[str, str]]:
    """The expressions for words in a reply that may have been drawn at random, or must have been, and the words."""
    if isinstance(value, str) and (_SECRET if secret else _DRAWN).fullmatch(value):
        yield path, value
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value[:20])
    for key, item in items:
        yield from drawn(item, f"{path}[{literal(key, repr)}]", secret=secret)
