"""How calls into a cell are spelled as Python, and how the things that they give are named."""

from __future__ import annotations

import re

#: The arguments' places in what an operation looks like.
SPELLED = {
    "len": "len({0})", "bool": "bool({0})", "iter": "iter({0})", "next": "next({0})", "repr": "repr({0})",
    "getitem": "{0}[{1}]", "setitem": "{0}[{1}] = {2}", "delitem": "del {0}[{1}]", "contains": "{1} in {0}",
    "eq": "{0} == {1}", "ne": "{0} != {1}", "lt": "{0} < {1}", "le": "{0} <= {1}", "gt": "{0} > {1}",
    "ge": "{0} >= {1}", "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "enter": "{0}.__enter__()",
    "exit": "{0}.__exit__(None, None, None)", "exit_raising": "{0}.__exit__(type({1}), {1}, None)",
    "anext": "anext({0})", "aiter": "aiter({0})", "aenter": "{0}.__aenter__()",
    "aexit": "{0}.__aexit__({1}, {2}, None)",
}  # fmt: skip

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+[0-9]*")  # LRUCache: LRU, Cache


def noun(type_name: str) -> str:
    """A variable's name for a thing of that type: ``cache`` for ``LRUCache``."""
    words = _WORD.findall(type_name.rpartition(".")[2])
    return words[-1].lower() if words else "thing"
