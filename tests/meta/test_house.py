"""What holds the house together: three files a rule, small pieces, no numbers or words where they do not belong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import quantiles

import pytest

from cds_service.b12.verdict import Finding
from tests.helpers.patients import knowledge
from tests.helpers.tables import FOLDER, HOOKS, NOT_ASKED, Row, case_of, rows_of, tables

PACKAGE = Path(__file__).parents[2] / "cds_service"
RULES = [path for path in sorted((PACKAGE / "rules").glob("*.py")) if path.stem != "__init__"]
IDS = [path.stem for path in RULES]
MOST_LINES, LONGEST_FUNCTION, LONGEST_RULE_FUNCTION, TYPICAL_FUNCTION = 300, 50, 40, 25
GENERATED = "migrations"


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions_of(path: Path) -> Iterator[ast.FunctionDef]:
    yield from (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef))


def code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    speaks = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    doc = (first.end_lineno or 0) - first.lineno + 1 if speaks else 0
    return (function.end_lineno or 0) - function.lineno + 1 - doc


def sources() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if GENERATED not in path.parts]


def rows(rule: str) -> tuple[Row, ...]:
    return rows_of(FOLDER / f"{rule}.txt")


@cache
def variants_found(rule: str) -> frozenset[str]:
    verdicts = (case_of(row).verdict for row in rows(rule) if row.expected.kind == "finding")
    return frozenset(verdict.variant for verdict in verdicts if isinstance(verdict, Finding))


def test_rules_cards_and_tables_are_the_same_set() -> None:
    assert sorted(knowledge().rules) == IDS
    assert sorted(knowledge().texts) == IDS
    assert [path.stem for path in tables()] == IDS


@pytest.mark.parametrize("rule", IDS)
def test_a_rule_says_when_it_speaks_and_what_it_says(rule: str) -> None:
    says = knowledge().rules[rule].speaks
    assert re.search(r"^\s*When ", says)
    assert re.search(r"^\s*Then ", says, re.MULTILINE)


@pytest.mark.parametrize("path", RULES, ids=IDS)
def test_a_rule_has_a_title(path: Path) -> None:
    title = ast.get_docstring(tree_of(path))
    assert title
    assert title.endswith(".")
    assert "\n" not in title


@pytest.mark.parametrize("path", RULES, ids=IDS)
def test_a_table_has_every_kind_of_verdict_that_its_rule_can_return(path: Path) -> None:
    named = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    possible = {kind.lower() for kind in ("Finding", "Silent", "Undecided") if kind in named}
    assert {row.expected.kind for row in rows(path.stem)} - {NOT_ASKED} == possible


@pytest.mark.parametrize("rule", IDS)
def test_a_table_asks_every_hook_of_its_rule(rule: str) -> None:
    assert {HOOKS[row.hook] for row in rows(rule)} == knowledge().rules[rule].hooks


@pytest.mark.parametrize("rule", IDS)
def test_a_table_asks_every_protocol(rule: str) -> None:
    assert {row.protocol for row in rows(rule)} == set(knowledge().protocols)


@pytest.mark.parametrize("rule", IDS)
def test_a_table_finds_every_variant_that_has_words_and_no_other(rule: str) -> None:
    assert variants_found(rule) == set(knowledge().texts[rule].variants)


@pytest.mark.parametrize("path", RULES, ids=IDS)
def test_a_rule_holds_no_numbers(path: Path) -> None:
    numbers = [
        node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and type(node.value) in {int, float}
    ]
    assert set(numbers) <= {0, 1}


@pytest.mark.parametrize("path", RULES, ids=IDS)
def test_a_rule_builds_no_words(path: Path) -> None:
    assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.JoinedStr)]
    called = {node.attr for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}
    assert not called & {"format", "replace", "capitalize", "upper", "lower", "title"}
    percents = [
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
    ]
    assert not percents


@pytest.mark.parametrize("path", RULES, ids=IDS)
def test_what_a_rule_says_in_silence_is_constant(path: Path) -> None:
    """A reason is logged and kept, so it must never hold a patient value."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Silent", "Undecided"}:
            assert all(isinstance(argument, ast.Constant | ast.Name) for argument in node.args)


@pytest.mark.parametrize("path", RULES, ids=IDS)
def test_a_judgement_is_short(path: Path) -> None:
    too_long = {one.name: code_lines(one) for one in functions_of(path) if code_lines(one) > LONGEST_RULE_FUNCTION}
    assert not too_long


def test_files_are_short() -> None:
    lines = {str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert not {name: count for name, count in lines.items() if count > MOST_LINES}


def test_functions_are_short() -> None:
    lengths = {f"{path.stem}.{one.name}": code_lines(one) for path in sources() for one in functions_of(path)}
    assert not {name: count for name, count in lengths.items() if count > LONGEST_FUNCTION}
    assert quantiles(lengths.values(), n=10)[-1] <= TYPICAL_FUNCTION


def test_rows_are_told_apart() -> None:
    """Two equal rows would be one row and a reader's doubt."""
    for path in tables():
        asked = [(row.as_of, row.hook, row.protocol, row.record, row.draft) for row in rows_of(path)]
        assert not {one for one in asked if asked.count(one) > 1}, path.name
