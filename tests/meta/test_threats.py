"""SECURITY.md promises tests: each that it names exists, and every edge has its threats."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import NamedTuple

import pytest

from tests.helpers.processes import ROOT

EDGES = ("client", "FHIR server", "JWKS host", "browser", "database", "operator")
LEAST_THREATS = 5
SECTION = re.compile(r"^### The (.+)$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
PATHS = re.compile(r"`((?:tests|deploy|cds_service)/[^`:]+|compose\.yaml|Dockerfile)`")
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")


class Threat(NamedTuple):
    """One row: what is tried at an edge, what happens, and the tests that show it."""

    edge: str
    tried: str
    outcome: str
    tests: str


def threats() -> list[Threat]:
    model, _, _ = TEXT.partition("\n## What remains")
    _, *parts = SECTION.split(model)
    return [
        Threat(edge, *(cell.strip() for cell in line.strip("|").split("|")))
        for edge, part in zip(parts[::2], parts[1::2], strict=True)
        for line in part.splitlines()
        if line.startswith("|") and not line.startswith(("|---", "| tried"))
    ]


@cache
def names_in(path: str) -> frozenset[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text("utf-8") if file.exists() else "")
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_edge_has_its_threats_and_no_other_edge_is_named() -> None:
    counted = {edge: sum(threat.edge == edge for threat in threats()) for edge in EDGES}
    assert sum(counted.values()) == len(threats())
    assert min(counted.values()) >= LEAST_THREATS, counted


@pytest.mark.parametrize("threat", threats(), ids=lambda threat: f"{threat.edge}: {threat.tried}"[:60])
def test_a_threat_is_answered_by_tests_that_exist(threat: Threat) -> None:
    named = NAMED.findall(threat.tests)
    assert named, "no test is named"
    assert threat.tests.count("`") == 2 * len(named), "something is named that is no test"
    assert not [f"{path}::{name}" for path, name in named if name not in names_in(path)]
    assert threat.tried
    assert threat.outcome


def test_every_file_that_is_named_exists() -> None:
    assert not [path for path in PATHS.findall(TEXT) if not (ROOT / path).exists()]


def test_no_threat_is_told_twice() -> None:
    told = [(threat.edge, threat.tried) for threat in threats()]
    assert len(set(told)) == len(told)
