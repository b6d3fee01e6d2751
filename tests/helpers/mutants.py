"""
Small faults put into a function, one at a time: what a slip of the hand would do.

Constants of modules are left alone; so are docstrings, and words that only a reader sees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}  # fmt: skip
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min", "floor": "ceil", "ceil": "floor"}
ATTRIBUTES = {"low": "high", "high": "low", "earliest": "latest", "latest": "earliest"}
VERDICTS = frozenset({"Silent", "Undecided"})


@dataclass(frozen=True)
class Mutant:
    """One fault: the function it is in, its line, what was changed, and the function's code with it."""

    module: str
    function: str
    line: int
    change: str
    code: CodeType

    @property
    def name(self) -> str:
        """How a list of survivors calls it: no line numbers, which move."""
        return f"{self.module}.{self.function}: {self.change}"


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Every mutant of every function and method of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    for place, function in _functions(tree):
        count = sum(1 for _ in _changes(function))
        for number in range(count):
            copy = deepcopy(tree)
            mutated = dict(_functions(copy))[place]
            change, line = _apply(mutated, number)
            compiled = compile(ast.fix_missing_locations(copy), str(path), "exec", dont_inherit=True)
            yield Mutant(module, place, line, change, _code(compiled, place.split(".")))


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, ast.FunctionDef))


def _code(code: CodeType, place: list[str]) -> CodeType:
    for name in place:
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name)
    return code


def _changes(function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    """Every change that can be made: its words and line; made when the caller asks for it by number."""
    for node in _body(function):
        for words, _ in _of(node):
            yield words, getattr(node, "lineno", function.lineno)


def _apply(function: ast.FunctionDef, number: int) -> tuple[str, int]:
    left = number
    for node in _body(function):
        for words, change in _of(node):
            if left == 0:
                change()
                return words, getattr(node, "lineno", function.lineno)
            left -= 1
    raise IndexError(number)


def _body(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without docstring, decorators and annotations."""
    speaks = ast.get_docstring(function) is not None
    for statement in function.body[1 if speaks else 0 :]:
        yield from _walk(statement)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name == "annotation":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _of(node: ast.AST) -> Iterator[tuple[str, object]]:
    """(words, how to make the change) of everything that can be changed at one node."""
    yield from _operators(node)
    yield from _values(node)
    yield from _flow(node)


def _operators(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            if other := SWAPPED.get(type(operator)):
                words = f"{ast.unparse(node)} -> {other.__name__}"
                yield words, lambda node=node, index=index, other=other: node.ops.__setitem__(index, other())
    elif isinstance(node, ast.BoolOp | ast.BinOp) and (other := SWAPPED.get(type(node.op))):
        yield f"{ast.unparse(node)} -> {other.__name__}", lambda: setattr(node, "op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"{ast.unparse(node)} -> without not", lambda: setattr(node, "op", _yes(node))


def _yes(node: ast.UnaryOp) -> ast.unaryop:
    """`not x` becomes `not not x`: the truth of x."""
    node.operand = ast.UnaryOp(ast.Not(), node.operand)
    return ast.Not()


def _values(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} -> {not node.value}", lambda: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield f"{node.value} -> {node.value + 1}", lambda: setattr(node, "value", node.value + 1)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield f"{node.id} -> {NAMES[node.id]}", lambda: setattr(node, "id", NAMES[node.id])
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in ATTRIBUTES:
        words = f"{ast.unparse(node)} -> {ATTRIBUTES[node.attr]}"
        yield words, lambda: setattr(node, "attr", ATTRIBUTES[node.attr])


def _flow(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.If | ast.IfExp):
        yield f"if {ast.unparse(node.test)} -> if False", lambda: setattr(node, "test", ast.Constant(value=False))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield f"for ... if {ast.unparse(node.ifs[0])} -> all of them", lambda: setattr(node, "ifs", [])
    elif isinstance(node, ast.Return) and node.value is not None and not _empty(node.value):
        yield f"return {ast.unparse(node.value)} -> None", lambda: setattr(node, "value", ast.Constant(value=None))


def _empty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value
