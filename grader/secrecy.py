"""What no report may tell of a suite."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

_SHORTEST = 16  # characters of a suite's source that count as told


@cache
def suite_lines(suite: Path) -> list[str]:
    """Lines of a suite that no report may hold: what is more than a call, a title, a hint or a value."""
    source = suite.read_text(encoding="utf-8")
    lines, found = source.splitlines(), set[str]()
    kinds = (ast.Assert, ast.FunctionDef, ast.AsyncFunctionDef, ast.For, ast.If, ast.With, ast.Return, ast.Lambda)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds):
            found.add(lines[node.lineno - 1].strip())
    return sorted(line for line in found if len(line) >= _SHORTEST)
