"""Files that say the same to everything, made from a stub. A suite that pays for one asks for too little."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """What such a file does, in words; what its functions answer, by their arguments' names; what its apps answer."""

    words: str
    answer: Callable[[list[str]], str]
    status: int

    def written(self, stub: bytes) -> bytes:
        """The stub with nothing but this answer in every function. Objects can be made, and hold nothing.

        What is no Python stays as it is.
        """
        try:
            tree = ast.parse(stub)
        except (SyntaxError, ValueError):  # ValueError: a null byte, on older Pythons
            return stub
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.body = ast.parse(self._body(node)).body
        return ast.unparse(tree).encode()

    def _body(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        if function.name == "__init__":
            return "pass"
        if function.returns is not None and ast.unparse(function.returns) == "FastAPI":  # a response is an app, too
            return f"from fastapi.responses import JSONResponse\nreturn JSONResponse({{}}, {self.status})"
        of = function.args
        names = [each.arg for each in (*of.posonlyargs, *of.args, *of.kwonlyargs) if each.arg != "self"]
        is_generator = any(isinstance(node, ast.Yield) for node in ast.walk(function))
        return f"{'yield' if is_generator else 'return'} {self.answer(names)}"


CONSTANTS = (
    Constant("a file that answers None to everything", lambda _: "None", 200),
    Constant("a file that answers everything with its first argument", lambda names: [*names, "None"][0], 404),
    Constant("a file that refuses everything with a ValueError", lambda _: "int('')", 422),
)
