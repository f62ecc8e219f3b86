"""Putting something in the place of functions, also where they have been imported by name before."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

#: Modules that keep the originals: their C twins, which the interpreter itself uses.
_SPARED = ("_thread", "_queue")

Name = tuple[types.ModuleType, str]


class Places:
    """Where functions are held, which takes longer to find than to change: a zygote finds it for all its cells.

    Held by modules under any name, and as default arguments of their functions and methods. Not found are
    other objects: a dictionary of functions, a partial, an instance that was given the original.
    """

    def __init__(self, names: Iterable[Name]) -> None:
        self._originals = {name: getattr(*name) for name in names}
        self._name_of = {id(original): name for name, original in self._originals.items()}
        self._seen: set[str] = set()
        self._modules: list[tuple[types.ModuleType, str, Name]] = []
        self._functions: list[types.FunctionType] = []
        self.look()

    def look(self) -> None:
        """Looks at the modules that have come since."""
        modules: list[tuple[str, Any]] = list(sys.modules.items())  # some programs put other things there
        for key, module in modules:
            if key in self._seen:
                continue
            self._seen.add(key)
            if isinstance(module, types.ModuleType) and module.__name__ not in _SPARED:
                self._look_at(module)

    def replace(self, substitutes: Mapping[Name, Any]) -> None:
        """Puts each substitute wherever its original is held."""
        for module, name, original in self._modules:
            if vars(module).get(name) is self._originals[original]:
                setattr(module, name, substitutes[original])
        for function in self._functions:
            held = function.__defaults__ or ()
            function.__defaults__ = tuple(self._substitute(default, substitutes) for default in held) or None
            by_name = function.__kwdefaults__ or {}
            for name, default in by_name.items():
                by_name[name] = self._substitute(default, substitutes)

    def _look_at(self, module: types.ModuleType) -> None:
        for name, value in list(vars(module).items()):
            if id(value) in self._name_of:
                self._modules.append((module, name, self._name_of[id(value)]))
            elif isinstance(value, types.FunctionType):
                self._look_at_function(value)
            elif isinstance(value, type) and value.__module__ == module.__name__:
                for method in list(vars(value).values()):
                    if isinstance(method, types.FunctionType):
                        self._look_at_function(method)

    def _look_at_function(self, function: types.FunctionType) -> None:
        held = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
        if any(id(value) in self._name_of for value in held):
            self._functions.append(function)

    def _substitute(self, value: Any, substitutes: Mapping[Name, Any]) -> Any:
        name = self._name_of.get(id(value))
        return value if name is None else substitutes[name]
