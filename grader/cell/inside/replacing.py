"""Putting something in the place of a function, also where it has been imported by name before."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable
from typing import Any

#: Modules that keep the originals: their C twins, which the interpreter itself uses.
_SPARED = ("_thread", "_queue")


def replace_everywhere(substitutes: Iterable[tuple[types.ModuleType, str, Any]]) -> None:
    """For each ``(module, name, substitute)``, puts ``substitute`` where ``module.name`` is held now.

    Held by modules under any name, and as default arguments of their functions and methods. Not found are
    other objects: a dictionary of functions, a partial, an instance that was given the original.
    """
    new: dict[int, Any] = {}
    kept: list[Any] = []  # the originals, so that no other object gets their id meanwhile
    for module, name, substitute in substitutes:
        kept.append(getattr(module, name))
        new[id(kept[-1])] = substitute
    modules: list[Any] = list(sys.modules.values())  # some programs put other things there
    for module in modules:
        if not isinstance(module, types.ModuleType) or module.__name__ in _SPARED:
            continue
        for name, value in list(vars(module).items()):
            if id(value) in new:
                setattr(module, name, new[id(value)])
            elif isinstance(value, types.FunctionType):
                _replace_defaults(value, new)
            elif isinstance(value, type) and value.__module__ == module.__name__:
                for method in list(vars(value).values()):
                    if isinstance(method, types.FunctionType):
                        _replace_defaults(method, new)


def _replace_defaults(function: types.FunctionType, new: dict[int, Any]) -> None:
    defaults = function.__defaults__ or ()
    if any(id(default) in new for default in defaults):
        function.__defaults__ = tuple(new.get(id(default), default) for default in defaults)
    by_name = function.__kwdefaults__ or {}
    for name, default in by_name.items():
        if id(default) in new:
            by_name[name] = new[id(default)]
