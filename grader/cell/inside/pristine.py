"""The standard library as it was before the submission: drivers observe with it, so it must not lie to them.

A submission may replace ``os.getpid`` or ``sys.settrace``, and fool whoever looks at it from within its own process.
So functions and classes of the modules below, and the methods of those classes, are put back before a driver is
loaded, and before each call of it; those of the cell's own program already when the submission has been imported.
And a driver has the modules that it imports for itself, so that what is replaced in the middle of a call is not what it
looks with.
What a submission changes by other means it can still hide from a driver, which is why a suite decides outside of the
cell whatever can be decided there.
"""

from __future__ import annotations

import operator
import sys
import types
from typing import Any

from grader.cell.inside.versions import version

#: Packages of the standard library, with all that is loaded of them.
_LIBRARY = frozenset({
    "_thread", "_weakref", "asyncio", "builtins", "collections", "concurrent", "contextlib", "contextvars", "copy",
    "functools", "gc", "importlib", "inspect", "io", "itertools", "json", "logging", "multiprocessing",
    "operator", "os", "pathlib", "pickle", "posix", "queue", "random", "resource", "secrets", "select", "selectors",
    "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "traceback", "tracemalloc", "types",
    "weakref",
})  # fmt: skip
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
_METHODS = (*_FUNCTIONS, staticmethod, classmethod, property)
_SWITCH_S = 0.005  # the interpreter's own


class Pristine:
    """Functions and methods of modules in ``packages`` as they are now, to be put back later."""

    def __init__(self, packages: frozenset[str]) -> None:
        # a dictionary's version, that version when all was right, and: whose it is, itself, names, values
        self._kept: list[tuple[Any, list[bytes], tuple[Any, Any, tuple[str, ...], tuple[Any, ...]]]] = []
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in packages and isinstance(module, types.ModuleType):
                self._keep(module, _FUNCTIONS)
                for thing in list(vars(module).values()):
                    if isinstance(thing, type) and thing.__module__ == name and thing.__module__ != "builtins":
                        self._keep(thing, _METHODS)

    def _keep(self, owner: Any, kinds: tuple[type, ...]) -> None:
        """Remembers what ``owner``, a module or a class, holds of these kinds."""
        held = {name: value for name, value in vars(owner).items() if isinstance(value, kinds)}
        if held:
            now = vars(owner)
            number = version(now)
            self._kept.append((number, [_read(number)], (owner, now, tuple(held), tuple(held.values()))))

    def accept(self) -> None:
        """Takes what was replaced since, by virtual time, for the original."""
        for place, (number, seen, held) in enumerate(self._kept):
            if number != seen[0]:
                owner, now, names, values = held
                self._kept[place] = number, [_read(number)], (owner, now, names, tuple(map(now.get, names, values)))

    def restore(self, tools: tuple[Any, ...] = (all, map, operator.is_, zip, setattr, sys.setswitchinterval)) -> None:
        """Puts back whatever was replaced. Its tools are its own, since the builtins may be replaced as well."""
        every, each, same, pairs, put, switch = tools
        for number, seen, held in self._kept:
            if number == seen[0]:
                continue  # nothing has been changed
            owner, now, names, values = held
            if not every(each(same, each(now.get, names), values)):
                for name, value in pairs(names, values):
                    if now.get(name) is not value:
                        try:
                            put(owner, name, value)
                        except (AttributeError, TypeError):
                            continue  # what cannot be set was not replaced either
            if number is not None:
                seen[0] = number.tobytes()
        switch(_SWITCH_S)


def _read(number: memoryview | None) -> bytes:
    """A version as it is now; nothing, which equals no version, where there is none."""
    return b"" if number is None else number.tobytes()


class Originals:
    """The cell's own program, and what drivers look with."""

    def __init__(self) -> None:
        self.own = Pristine(frozenset({"grader"}))
        self.library = Pristine(_LIBRARY)

    def accept(self) -> None:
        """Takes what is there now for original."""
        self.own.accept()
        self.library.accept()

    def restore(self) -> None:
        """Puts back what was there."""
        self.own.restore()
        self.library.restore()


def own_modules(names: dict[str, Any]) -> None:
    """Gives a module, by its names, copies of the standard library's modules that it has imported."""
    for name, thing in list(names.items()):
        if type(thing) is types.ModuleType and thing.__name__.partition(".")[0] in sys.stdlib_module_names:
            copy = types.ModuleType(thing.__name__)
            vars(copy).update(vars(thing))
            names[name] = copy
