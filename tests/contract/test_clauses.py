"""Every clause that binds a service is held by a test that bears its number, or is left out for a reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

KEYS = "how keys are fetched and kept is tested where that is done, with a key host"
CLIENT = "binds the client, and asks nothing of us that another clause does not"
NOT_USED = "may be used, and is not"

CLAUSES = range(1, 107)
LEFT_OUT = {
    2: "TLS is the operator's proxy",
    6: "only allows other statuses; those that we use are tested under 43",
    48: CLIENT,
    49: CLIENT,
    54: "time is measured by benchmarks, never by a test",
    55: CLIENT,
    62: NOT_USED,
    68: NOT_USED,
    80: NOT_USED,
    81: NOT_USED,
    82: NOT_USED,
    104: KEYS,
}
NUMBERED = re.compile(r"test((?:_\d{2,3})+)_[a-z]")


def covered() -> dict[int, list[str]]:
    """Which tests bear the number of a clause."""
    found: dict[int, list[str]] = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and (match := NUMBERED.match(node.name)):
                for number in match[1].strip("_").split("_"):
                    found.setdefault(int(number), []).append(f"{path.name}::{node.name}")
    return found


@pytest.mark.parametrize("number", [number for number in CLAUSES if number not in LEFT_OUT])
def test_the_clause_is_tested(number: int) -> None:
    assert covered().get(number)


@pytest.mark.parametrize("number", LEFT_OUT)
def test_what_is_left_out_is_not_tested_after_all(number: int) -> None:
    assert number not in covered()


def test_no_test_bears_the_number_of_no_clause() -> None:
    assert set(covered()) <= set(CLAUSES)
