"""Every small fault that can be made in a module: mutmut's operators, and those that matter for concurrent code.

From mutmut (https://mutmut.readthedocs.io): numbers, names, assignments, comparisons and arithmetic, keywords,
conditional expressions. From here: another word in a string, a statement left out, two arguments swapped, a ``with`` or
an ``await`` taken away. What no suite can see is left alone: documentation, annotations, imports, and texts for people.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.matchers import Call, Name, matches
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[cst.CSTNode]]


@dataclass(frozen=True)
class Mutant:
    """A module with one fault in it."""

    line: int
    place: str  # the class or function that it is in, by its qualified name; empty on the module's level
    change: str  # the line as it was and as it is, or what has gone
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every module that differs from ``source`` by one fault and still compiles, each once."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    places = wrapper.resolve(PositionProvider)
    finder = _Finder()
    wrapper.module.visit(finder)
    seen = {_meaning(source)}
    for node, change, place in finder.found:
        mutated = wrapper.module.visit(_Replace(node, change))
        assert isinstance(mutated, cst.Module)
        meaning = _meaning(mutated.code)
        if meaning and meaning not in seen:
            seen.add(meaning)
            line = places[node].start.line
            yield Mutant(line, place, _difference(source, mutated.code, line), mutated.code)


def _meaning(source: str) -> str:
    """What a source says, whatever its layout; nothing when it does not compile."""
    try:
        return ast.dump(compile(source, "mutant", "exec", ast.PyCF_ONLY_AST))
    except SyntaxError:
        return ""


def _difference(before: str, after: str, line: int) -> str:
    old, new = before.splitlines(), after.splitlines()
    start = next((number for number, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), line - 1)
    was = old[start].strip() if start < len(old) else ""
    now = new[start].strip() if start < len(new) else ""
    return f"{was}  ->  {now}" if len(old) == len(new) else f"{was}  ->  (gone)"


def _reworded(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """Another word: for a name, a path or a code that programs read. What has blanks is for people."""
    if re.fullmatch(r"[\w./-]+", node.raw_value):
        yield node.with_changes(value=f"{node.prefix}{node.quote}XX{node.raw_value}XX{node.quote}")


def _without(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """A statement left out."""
    yield node.with_changes(body=[cst.Pass()])


def _swapped(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Two positional arguments that stand side by side, the other way round. To max and min, order does not matter."""
    if matches(node.func, Name("max") | Name("min")):
        return
    for place, (first, second) in enumerate(zip(node.args, node.args[1:], strict=False)):
        if not (first.keyword or second.keyword or first.star or second.star):
            arguments = list(node.args)
            arguments[place : place + 2] = [
                first.with_changes(value=second.value),
                second.with_changes(value=first.value),
            ]
            yield node.with_changes(args=arguments)


def _unlocked(node: cst.With) -> Iterator[cst.CSTNode]:
    """The body of a ``with`` alone. Where it names something, that would be missed at once."""
    if all(item.asname is None for item in node.items):
        yield cst.If(test=cst.Name("True"), body=node.body)


def _unawaited(node: cst.Await) -> Iterator[cst.CSTNode]:
    """What would have been awaited."""
    yield node.expression


_OPERATORS: list[tuple[Any, Operator]] = [
    (cst.BaseNumber, mutators.operator_number),
    (cst.Name, mutators.operator_name),
    (cst.Assign, mutators.operator_assignment),
    (cst.AnnAssign, mutators.operator_assignment),
    (cst.AugAssign, mutators.operator_augmented_assignment),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
    (cst.IfExp, mutators.operator_if_exp),
    (cst.SimpleString, _reworded),
    (cst.SimpleStatementLine, _without),
    (cst.Call, _swapped),
    (cst.With, _unlocked),
    (cst.Await, _unawaited),
]


class _Finder(cst.CSTVisitor):
    """Every node that can be changed, with what it can become, and the place that it is in."""

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, str]] = []
        self._within: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_unseen(node):
            return False
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._within.append(node.name.value)
        for kind, operator in _OPERATORS:
            if isinstance(node, kind):
                self.found += [(node, changed, ".".join(self._within)) for changed in operator(node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
            self._within.pop()


def _is_unseen(node: cst.CSTNode) -> bool:
    """Documentation, annotations, imports, decorators' names, and what an exception is told."""
    if isinstance(node, cst.SimpleStatementLine):
        only = node.body[0]
        texts = cst.SimpleString | cst.ConcatenatedString | cst.Ellipsis
        return (
            isinstance(only, cst.Import | cst.ImportFrom | cst.Pass)
            or (isinstance(only, cst.AnnAssign) and only.value is None and isinstance(only.target, cst.Attribute))
            or (isinstance(only, cst.Expr) and isinstance(only.value, texts))
            or (isinstance(only, cst.Assign) and matches(only.value, Call(func=Name("TypeVar") | Name("ParamSpec"))))
        )
    return isinstance(node, cst.Annotation | cst.FormattedString | cst.TypeParameters | cst.TypeAlias)


class _Replace(cst.CSTTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: cst.CSTNode, new: cst.CSTNode) -> None:
        self._old = old
        self._new = new

    def on_leave(  # type: ignore[override] # libcst declares it for nodes that may vanish, too
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode:
        return self._new if original_node is self._old else updated_node
